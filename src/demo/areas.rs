//! Rows of areas and cells with their outlines, made of a `Division`.

use geo_types::Polygon;

use super::divide::{CITY, Division};
use super::land::Land;
use super::mesh::Mesh;
use super::rings::{NOBODY, outlines};
use super::world::{Area, Cell};
use crate::codes::{AreaCode, CellCode, Level};

/// Areas of all levels, and cells.
pub(super) fn rows(land: &Land, mesh: &Mesh, division: &Division) -> (Vec<Area>, Vec<Cell>) {
    let cell_of = &division.cell_of;
    let village_of = up(cell_of, |c| division.cells[c].village);
    let township_of = up(&village_of, |v| division.villages[v].township);
    let county_of = up(&township_of, |t| division.townships[t].county);
    let whole = up(&county_of, |_| 0);

    let mut areas = Vec::new();
    let outline = outlines(mesh, &whole, 1).pop().unwrap_or_else(|| Polygon::new(geo_types::LineString::new(Vec::new()), Vec::new()));
    areas.push(area(CITY / 100, Level::Province, "岚江省".into(), "Lanjiang Province".into(), None, outline.clone()));
    areas.push(area(CITY, Level::City, "栖云市".into(), "Qiyun City".into(), None, outline));
    let mut counties: Vec<Area> = outlines(mesh, &county_of, land.counties.len())
        .into_iter()
        .zip(&land.counties)
        .map(|(polygon, c)| {
            let zh = format!("{}{}", c.name.zh, c.kind_zh);
            let en = format!("{} {}", c.name.en, c.kind_en);
            area(CITY * 100 + c.serial, Level::County, zh, en, None, polygon)
        })
        .collect();
    counties.sort_by_key(|a| a.code);
    areas.extend(counties);
    for (polygon, t) in outlines(mesh, &township_of, division.townships.len()).into_iter().zip(&division.townships) {
        areas.push(area(t.code, Level::Township, t.name.zh.clone(), t.name.en.clone(), None, polygon));
    }
    for (polygon, v) in outlines(mesh, &village_of, division.villages.len()).into_iter().zip(&division.villages) {
        areas.push(area(v.code, Level::Village, v.name.zh.clone(), v.name.en.clone(), Some(v.class), polygon));
    }
    let cells = outlines(mesh, cell_of, division.cells.len())
        .into_iter()
        .zip(&division.cells)
        .map(|(polygon, part)| {
            let village = &division.villages[part.village];
            let n = part.code % 1_000;
            Cell {
                code: code(part.code),
                kind: if part.dedicated { "dedicated" } else { "general" },
                name_zh: if part.dedicated { format!("{}第{n}专属网格", village.name.zh) } else { format!("{}第{n}网格", village.name.zh) },
                short_name_zh: format!("{}{n}", village.bare.zh),
                name_en: format!("{} Cell {n}", village.bare.en),
                household_count: part.households,
                polygon,
            }
        })
        .collect();
    (areas, cells)
}

/// The code of a cell that `divide` numbered.
pub(super) fn code(number: i64) -> CellCode {
    CellCode::from_i64(number).expect("cells are numbered from 001 under 99")
}

/// The code of an area that `divide` numbered, on the scale of its level.
pub(super) fn area_code(number: i64, level: Level) -> AreaCode {
    AreaCode::from_parts(number * level.span(), level).expect("areas are numbered under 99")
}

fn area(number: i64, level: Level, name_zh: String, name_en: String, urban_rural_class: Option<i16>, polygon: Polygon<f64>) -> Area {
    Area { code: area_code(number, level), name_zh, name_en, urban_rural_class, polygon }
}

fn up(owner: &[u32], parent: impl Fn(usize) -> usize) -> Vec<u32> {
    owner.iter().map(|&o| if o == NOBODY { NOBODY } else { parent(o as usize) as u32 }).collect()
}
