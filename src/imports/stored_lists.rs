//! Code lists out of the database, and what `--extend` adds to them.

use super::lists::{CodeLists, Extension, ListKind};
use crate::db::Scoped;
use crate::error::Result;
use crate::privacy::text_gate;

/// The name of a list in `code_values`; `None` for the two that have tables of their own.
const fn stored_name(kind: ListKind) -> Option<&'static str> {
    Some(match kind {
        ListKind::Category | ListKind::FacilityKind => return None,
        ListKind::IncidentSource => "incident_source",
        ListKind::IncidentState => "incident_state",
        ListKind::Complexity => "complexity",
        ListKind::RiskLevel => "risk_level",
        ListKind::PartiesKind => "parties_kind",
        ListKind::CellKind => "cell_kind",
        ListKind::PopulationBand => "population_band",
        ListKind::DwellingKind => "dwelling_kind",
        ListKind::UrbanRuralClass => "urban_rural_class",
    })
}

/// The lists the house is built with and what was added since.
pub(super) async fn read(scoped: &mut Scoped) -> Result<CodeLists> {
    let mut lists = CodeLists::builtin();
    let mut stored: Vec<(ListKind, String, String, String)> = Vec::new();
    let values: Vec<(String, String, String, String)> =
        sqlx::query_as("select list, code, name_zh, name_en from code_values order by list, position").fetch_all(scoped.conn()).await?;
    for (list, code, zh, en) in values {
        stored.extend(ListKind::ALL.into_iter().find(|&kind| stored_name(kind) == Some(list.as_str())).map(|kind| (kind, code, zh, en)));
    }
    for (kind, question) in [
        (ListKind::Category, "select code, name_zh, name_en from incident_categories order by code"),
        (ListKind::FacilityKind, "select code, name_zh, name_en from facility_kinds order by code"),
    ] {
        let rows: Vec<(String, String, String)> = sqlx::query_as(question).fetch_all(scoped.conn()).await?;
        stored.extend(rows.into_iter().map(|(code, zh, en)| (kind, code, zh, en)));
    }
    for (kind, code, zh, en) in stored {
        if !lists.entries(kind).iter().any(|entry| entry.code == code) {
            lists.add(kind, &code, &zh, &en);
        }
    }
    Ok(lists)
}

/// Stores what was added.
pub(super) async fn extend(scoped: &mut Scoped, extensions: &[Extension]) -> Result<()> {
    // rows with such a value were refused; nor does the list take it
    for Extension { kind, entry, .. } in extensions.iter().filter(|extension| text_gate::inspect(&extension.entry.zh).is_empty()) {
        let statement = match (*kind, stored_name(*kind)) {
            (ListKind::Category, _) => {
                "insert into incident_categories (code, name_zh, name_en, category_group) values ($1, $2, $3, 'other') on conflict do nothing"
            }
            (_, None) => "insert into facility_kinds (code, name_zh, name_en, tier) values ($1, $2, $3, 'policy') on conflict do nothing",
            (_, Some(_)) => {
                "insert into code_values (list, code, name_zh, name_en, position)
                 select $4, $1, $2, $3, coalesce(max(position), 0) + 1 from code_values where list = $4 on conflict do nothing"
            }
        };
        let query = sqlx::query(statement).bind(&entry.code).bind(&entry.zh).bind(&entry.en);
        let query = if let Some(list) = stored_name(*kind) { query.bind(list) } else { query };
        query.execute(scoped.conn()).await?;
    }
    Ok(())
}
