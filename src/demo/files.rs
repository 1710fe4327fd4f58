//! A world as the files that the imports read: areas and cells as GeoJSON, the rest as CSV, the truth as JSON.
//!
//! Writes into whatever it is given; opening files is left to `cli`. Headings are those that `imports` matches by
//! name, so that every file loads without `--columns`; all coordinates are WGS 84.

use std::io::{self, Write};

use geo_types::{LineString, Polygon};
use serde_json::{Value, json};

use super::{Shape, World};

/// A file of a written world.
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// The noun that imports it, in the order of import; nothing for what is no import.
    pub noun: Option<&'static str>,
    /// Writes it.
    pub write: fn(&World, &mut dyn Write) -> io::Result<()>,
}

/// All files, in the order in which they are imported.
pub const FILES: [File; 7] = [
    File { name: "areas.geojson", noun: Some("areas"), write: areas },
    File { name: "cells.geojson", noun: Some("cells"), write: cells },
    File { name: "households.csv", noun: Some("households"), write: households },
    File { name: "facilities.csv", noun: Some("facilities"), write: facilities },
    File { name: "incidents.csv", noun: Some("incidents"), write: incidents },
    File { name: "basemap.geojson", noun: None, write: basemap },
    File { name: "truth.json", noun: None, write: truth },
];

fn areas(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let features = world.areas.iter().map(|a| {
        let properties = json!({
            "code": a.code.to_string(), "name_zh": a.name_zh, "name_en": a.name_en,
            "urban_rural_class": a.urban_rural_class.map(|class| class.to_string()),
        });
        feature(&properties, &polygon(&a.polygon))
    });
    collection(features, out)
}

fn cells(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let features = world.cells.iter().map(|c| {
        let properties = json!({
            "code": c.code.to_string(), "name_zh": c.name_zh, "name_en": c.name_en, "short_name": c.short_name_zh, "kind": c.kind,
        });
        feature(&properties, &polygon(&c.polygon))
    });
    collection(features, out)
}

fn households(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "key,lon,lat,household_count,population_band,dwelling_kind,cell")?;
    for h in &world.households {
        let (x, y) = (h.at.x(), h.at.y());
        writeln!(out, "{},{x:.7},{y:.7},{},{},{},{}", h.key, h.household_count, h.population_band, h.dwelling_kind, h.cell)?;
    }
    Ok(())
}

// No field of a world holds a comma, a quote or a line break (test), so rows are written plainly.
fn facilities(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "key,kind,name_zh,name_en,lon,lat,operator,capacity,hours,barrier_free,cell")?;
    for f in &world.facilities {
        let capacity = f.capacity.map(|c| c.to_string()).unwrap_or_default();
        let (x, y) = (f.at.x(), f.at.y());
        writeln!(
            out,
            "{},{},{},{},{x:.7},{y:.7},{},{capacity},{},{},{}",
            f.key, f.kind, f.name_zh, f.name_en, f.operator, f.hours, f.barrier_free, f.cell
        )?;
    }
    Ok(())
}

fn incidents(world: &World, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "case_no,category,source,state,occurred_on,discovered_at,closed_on,lon,lat,parties_count,parties_kind,complexity,risk_level,summary,cell"
    )?;
    for i in &world.incidents {
        let closed_on = i.closed_on.map(|d| d.to_string()).unwrap_or_default();
        let (x, y) = (i.at.x(), i.at.y());
        writeln!(
            out,
            "{},{},{},{},{},{},{closed_on},{x:.7},{y:.7},{},{},{},{},{},{}",
            i.case_no,
            i.category,
            i.source,
            i.state,
            i.occurred_on,
            i.discovered_on,
            i.parties_count,
            i.parties_kind,
            i.complexity,
            i.risk_level,
            i.summary,
            i.cell
        )?;
    }
    Ok(())
}

fn basemap(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let features = world.basemap.iter().map(|f| {
        let properties = json!({ "kind": f.kind, "name_zh": f.name_zh, "name_en": f.name_en });
        let geometry = match &f.shape {
            Shape::Line(line) => json!({ "type": "LineString", "coordinates": positions(line) }),
            Shape::Area(area) => polygon(area),
            Shape::Place(at) => json!({ "type": "Point", "coordinates": [at.x(), at.y()] }),
        };
        feature(&properties, &geometry)
    });
    collection(features, out)
}

fn truth(world: &World, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &world.truth)?;
    writeln!(out)
}

/// One feature a line, so that a person can look at the file and a tool can compare two.
fn collection(features: impl Iterator<Item = Value>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{{\"type\":\"FeatureCollection\",\"features\":[")?;
    for (k, feature) in features.enumerate() {
        write!(out, "{}{feature}", if k == 0 { "" } else { ",\n" })?;
    }
    writeln!(out, "\n]}}")
}

fn feature(properties: &Value, geometry: &Value) -> Value {
    json!({ "type": "Feature", "properties": properties, "geometry": geometry })
}

fn polygon(polygon: &Polygon<f64>) -> Value {
    let rings: Vec<_> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(positions).collect();
    json!({ "type": "Polygon", "coordinates": rings })
}

fn positions(line: &LineString<f64>) -> Vec<[f64; 2]> {
    line.coords().map(|c| [c.x, c.y]).collect()
}
