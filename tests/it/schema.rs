//! The schema explains itself, and holds nothing about a person who does not use the system.

use sqlx::Executor as _;

use crate::support::database::database;

#[tokio::test]
async fn every_table_and_column_has_a_comment() {
    let Some(database) = database().await else { return };
    let bare: Vec<String> = sqlx::query_scalar(
        "select c.relnamespace::regnamespace || '.' || c.relname || coalesce('.' || a.attname, '')
           from pg_class c
           left join lateral (select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
                              union all select null, 0) a on true
          where c.relnamespace in ('public'::regnamespace, 'feed'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
            and c.relname <> '_sqlx_migrations'
            and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
            and coalesce(col_description(c.oid, nullif(a.attnum, 0)), case when a.attnum = 0 then obj_description(c.oid, 'pg_class') end, '') = ''
          order by 1",
    )
    .fetch_all(&mut database.root().await)
    .await
    .unwrap();
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

#[tokio::test]
async fn every_function_of_ours_has_a_comment() {
    let Some(database) = database().await else { return };
    let bare: Vec<String> = sqlx::query_scalar(
        "select p.oid::regprocedure::text from pg_proc p
          where p.pronamespace in ('app'::regnamespace, 'feed'::regnamespace) and coalesce(obj_description(p.oid, 'pg_proc'), '') = '' order by 1",
    )
    .fetch_all(&mut database.root().await)
    .await
    .unwrap();
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

#[tokio::test]
async fn what_has_versions_is_found_by_key_and_day_without_reading_the_table() {
    let Some(database) = database().await else { return };
    let mut root = database.root().await;
    root.execute("set enable_seqscan = off").await.unwrap();
    for (table, key) in [("households", "household_id"), ("facilities", "facility_id"), ("cells", "code")] {
        let question = format!(
            "explain select 1 from {table} where {key} = 990321001001001 and valid_from <= '2026-03-01' and (valid_to is null or valid_to > '2026-03-01')"
        );
        let plan: Vec<String> = sqlx::query_scalar(&question).fetch_all(&mut root).await.unwrap();
        assert!(plan.iter().any(|line| line.contains(key) && line.contains("Index Cond")), "{table}: {plan:?}");
    }
}

/// Words in a column's name or comment that suggest a natural person.
const PERSONAL: [&str; 26] = [
    "person",
    "people",
    "resident",
    "applicant",
    "complainant",
    "party",
    "parties",
    "human",
    "name",
    "birth",
    "sex",
    "gender",
    "phone",
    "mobile",
    "email",
    "address",
    "identity",
    "passport",
    "photo",
    "face",
    "user",
    "account",
    "actor",
    "who",
    "health",
    "religion",
];

/// Columns that such a word leads to, and why they hold no natural person, or only an account of the system.
const ALLOWED: [(&str, &str, &str); 54] = [
    ("analyses", "asked_by", "account of the system"),
    ("api_tokens", "name", "what a program's token is for"),
    ("api_tokens", "user_id", "account of the system"),
    ("areas", "name_en", "name of an area"),
    ("areas", "name_zh", "name of an area"),
    ("audit_entries", "account", "account of the system"),
    ("audit_entries", "user_id", "account of the system"),
    ("basemap_features", "name_en", "name of a road or water"),
    ("basemap_features", "name_zh", "name of a road or water"),
    ("basemap_features", "origin", "name of a source of data"),
    ("areas", "origin", "name of a source of data"),
    ("cells", "origin", "name of a source of data"),
    ("facilities", "origin", "name of a source of data"),
    ("households", "origin", "name of a source of data"),
    ("incidents", "origin", "name of a source of data"),
    ("cells", "name_en", "name of a cell"),
    ("cells", "name_zh", "name of a cell"),
    ("cells", "short_name", "name of a cell"),
    ("code_values", "list", "name of a list"),
    ("code_values", "name_en", "name of a code"),
    ("code_values", "name_zh", "name of a code"),
    ("facilities", "name_en", "name of a public facility"),
    ("facilities", "name_zh", "name of a public facility"),
    ("facilities", "phone_public", "switchboard of a public office"),
    ("facility_kinds", "name_en", "name of a kind"),
    ("facility_kinds", "name_zh", "name of a kind"),
    ("grants", "made_by", "account of the system"),
    ("grants", "user_id", "account of the system"),
    ("households", "address", "door plate of a building; the import refuses names"),
    ("households", "household_count", "a number"),
    ("households", "population_band", "a band, never a number of people"),
    ("households", "safe_place_id", "a group of at least eight addresses"),
    ("incident_categories", "name_en", "name of a category"),
    ("incident_categories", "name_zh", "name of a category"),
    ("incident_events", "actor_id", "account of the system"),
    ("incident_transitions", "role", "a role, not somebody who holds it"),
    ("incidents", "parties_count", "a number"),
    ("incidents", "parties_kind", "person, organisation or group; nobody in particular"),
    ("job_faults", "column_name", "heading of a column"),
    ("jobs", "user_id", "account of the system"),
    ("safe_places", "address_count", "a number"),
    ("sessions", "user_id", "account of the system"),
    ("settings", "key", "name of a setting"),
    ("settings", "value", "a setting"),
    ("settings", "note_en", "what a setting does"),
    ("settings", "note_zh", "what a setting does"),
    ("units", "name_en", "name of an office"),
    ("units", "name_zh", "name of an office"),
    ("units", "facility_id", "the facility of an office"),
    ("holidays", "name_en", "name of a holiday"),
    ("holidays", "name_zh", "name of a holiday"),
    ("warning_steps", "actor_id", "account of the system"),
    ("households", "geom", "point of an address"),
    ("sessions", "token_hash", "hash of a cookie's secret"),
];

#[tokio::test]
async fn no_column_is_about_a_person_who_is_no_user_of_the_system() {
    let Some(database) = database().await else { return };
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "select c.relname::text, a.attname::text, coalesce(col_description(c.oid, a.attnum), '')
           from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
          where c.relnamespace in ('public'::regnamespace, 'feed'::regnamespace) and c.relkind in ('r', 'p') and c.relname not in ('users', '_sqlx_migrations')
            and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
          order by 1, 2",
    )
    .fetch_all(&mut database.root().await)
    .await
    .unwrap();
    assert!(columns.len() > 150);
    let suspicious: Vec<String> = columns
        .iter()
        .filter(|(table, column, comment)| {
            let text = format!("{column} {comment}").to_lowercase();
            let mut words = text.split(|letter: char| !letter.is_ascii_alphabetic());
            words.any(|word| PERSONAL.contains(&word)) && !ALLOWED.iter().any(|(t, c, _)| t == table && c == column)
        })
        .map(|(table, column, comment)| format!("{table}.{column}: {comment}"))
        .collect();
    assert!(suspicious.is_empty(), "say in ALLOWED why these hold no natural person:\n{}", suspicious.join("\n"));
    let gone: Vec<_> = ALLOWED.iter().filter(|(t, c, _)| !columns.iter().any(|(table, column, _)| t == table && c == column)).collect();
    assert!(gone.is_empty(), "no longer in the schema: {gone:?}");
}
