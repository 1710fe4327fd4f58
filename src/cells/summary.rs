//! The card of one cell.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::api::Named;
use super::store;
use crate::codes::CellCode;
use crate::context::{Context, map_reader};
use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::geom::shared_borders;
use crate::published::{self, IncidentSum};
use crate::read_model::Model;
use crate::users::{Reader, Right};

/// What the card of a cell says.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CellSummary {
    /// 15 digits.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Short name for labels.
    pub short_name: String,
    /// Code of `cell_kind`.
    pub kind: String,
    /// Village (community) it lies in.
    pub village: Named,
    /// Township (street) it lies in.
    pub township: Named,
    /// Square metres on the ellipsoid.
    pub area_m2: f64,
    /// Households today.
    pub household_count: u64,
    /// First civil day of the version.
    pub valid_from: NaiveDate,
    /// Counts edits.
    pub version: i32,
    /// People.
    pub households: HouseholdSums,
    /// Facilities by kind, in the order of the codes.
    pub facilities: Vec<KindCount>,
    /// Cells with a common border, longest first.
    pub neighbours: Vec<Neighbour>,
    /// Incidents, as far as the reader may be told.
    pub incidents: IncidentSum,
}

/// People in a cell.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HouseholdSums {
    /// Addresses.
    pub addresses: u64,
    /// Households at them.
    pub household_count: u64,
    /// Sum of the lower ends of the bands; null for readers who see no addresses.
    pub population_low: Option<i64>,
    /// Sum of the upper ends; null also where a band is open at the top.
    pub population_high: Option<i64>,
}

/// Facilities of a kind.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KindCount {
    /// Code of `facility_kind`.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// A cell with a common border.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Neighbour {
    /// 15 digits.
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English, may be empty.
    pub name_en: String,
    /// Metres of the common border.
    pub border_m: f64,
}

/// Gathers the card.
pub async fn summary(context: &Context, reader: &Reader, code: CellCode) -> Result<CellSummary> {
    let today = context.clock.today();
    let ground = context.ground();
    let mut transaction = context.begin(reader).await?;
    let row = store::find(&mut transaction, code, today).await?;
    let absent = || Error::NotFound { what: "cell", id: code.to_string() };
    let facts = ground.cell_facts(code.to_i64(), &map_reader(reader)).ok_or_else(absent)?;
    let (low, high) = if reader.may(Right::Households, row.code) { population(&mut transaction, row.code, today).await? } else { (None, None) };
    let incidents = published::of_place(&mut transaction, &ground, reader, code.area(), today).await?;
    let of = row.properties(&ground);
    let mut facilities: Vec<KindCount> = facts.by_kind.into_iter().map(|(kind, count)| KindCount { kind, count }).collect();
    facilities.sort_by(|a, b| a.kind.cmp(&b.kind));
    Ok(CellSummary {
        code: of.code,
        name: of.name,
        name_en: of.name_en,
        short_name: of.short_name,
        kind: of.kind,
        village: of.village,
        township: of.township,
        area_m2: of.area_m2,
        household_count: facts.household_count,
        valid_from: of.valid_from,
        version: of.version,
        households: HouseholdSums {
            addresses: facts.address_count,
            household_count: facts.household_count,
            population_low: low,
            population_high: high,
        },
        facilities,
        neighbours: neighbours(&ground, row.code, &facts.neighbours),
        incidents,
    })
}

/// The lower and upper ends of the bands, added up.
async fn population(transaction: &mut Scoped, code: i64, today: NaiveDate) -> Result<(Option<i64>, Option<i64>)> {
    let sql = "select population_band, count(*) from households
                where scope_code = $2 and valid_from <= $1 and (valid_to is null or valid_to > $1) group by 1";
    let bands: Vec<(String, i64)> = sqlx::query_as(sql).bind(today).bind(code).fetch_all(transaction.conn()).await?;
    Ok(people(&bands))
}

fn people(bands: &[(String, i64)]) -> (Option<i64>, Option<i64>) {
    let mut sums = (Some(0), Some(0));
    for (band, count) in bands {
        let (low, high) = match band.as_str() {
            "p1_4" => (Some(1), Some(4)),
            "p5_9" => (Some(5), Some(9)),
            "p10_49" => (Some(10), Some(49)),
            "p50_199" => (Some(50), Some(199)),
            "p200_plus" => (Some(200), None),
            // a band an administrator added says nothing in numbers
            _ => (None, None),
        };
        let add = |sum: Option<i64>, end: Option<i64>| Some(sum? + end? * count);
        sums = (add(sums.0, low), add(sums.1, high));
    }
    sums
}

fn neighbours(ground: &Model, code: i64, codes: &[i64]) -> Vec<Neighbour> {
    let cells: Vec<_> = std::iter::once(code).chain(codes.iter().copied()).filter_map(|code| ground.cells.by_code(code)).collect();
    if cells.first().is_none_or(|first| first.code != code) {
        return Vec::new();
    }
    let shapes: Vec<geo_types::MultiPolygon> = cells.iter().map(|cell| (*cell.place.shape).clone()).collect();
    let mut found: Vec<Neighbour> = shared_borders(&shapes, 0.05)
        .into_iter()
        .filter(|border| border.a == 0)
        .map(|border| Neighbour {
            code: format!("{:015}", cells[border.b].code),
            name: cells[border.b].name_zh.to_string(),
            name_en: cells[border.b].name_en.to_string(),
            border_m: (border.length_m * 10.0).round() / 10.0,
        })
        .collect();
    found.sort_by(|a, b| b.border_m.total_cmp(&a.border_m).then_with(|| a.code.cmp(&b.code)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_a_range_and_open_where_a_band_is() {
        let bands = |list: &[(&str, i64)]| people(&list.iter().map(|&(band, n)| (band.to_owned(), n)).collect::<Vec<_>>());
        assert_eq!(bands(&[("p1_4", 3), ("p10_49", 2)]), (Some(23), Some(110)));
        assert_eq!(bands(&[("p1_4", 1), ("p200_plus", 1)]), (Some(201), None));
        assert_eq!(bands(&[]), (Some(0), Some(0)));
    }
}
