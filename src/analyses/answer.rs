//! What an analysis answers: rows with a class each, and the legend that says what a class means.

use geo_types::MultiPolygon;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::codes::AreaCode;

/// One place, or one shape of the answer's own.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The place; none where the row has a shape of its own, as hexagons have.
    pub area: Option<AreaCode>,
    /// Its class.
    pub class: &'static str,
    /// What is told of it, by name; a unit stands in the name.
    pub properties: Map<String, Value>,
    /// Degrees, WGS 84; none for a place, whose shape is that of the map.
    pub shape: Option<MultiPolygon>,
}

/// The whole answer.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Rows in the order of codes, or of rank.
    pub rows: Vec<Row>,
    /// What it means.
    pub legend: Legend,
}

/// What a map of the answer means.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Legend {
    /// One sentence, Chinese: what the classes mean, period, denominator, number of incidents, the test.
    pub sentence_zh: String,
    /// The same in English.
    pub sentence_en: String,
    /// The classes, in the order in which they are shown.
    pub classes: Vec<ClassEntry>,
}

/// One class.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClassEntry {
    /// Its name in rows and tiles.
    pub class: String,
    /// Chinese.
    pub label_zh: String,
    /// English.
    pub label_en: String,
    /// Colour of the fill, `#rrggbb`; told apart by the colour-blind too.
    pub colour: String,
    /// Rows of the class.
    pub count: usize,
}

/// A class before it is counted: name, Chinese, English, colour.
pub(super) type ClassWords = (&'static str, &'static str, &'static str, &'static str);

/// Too few to say; hatched in the page.
pub(super) const TOO_FEW: ClassWords = ("too_few", "数量太少，不作判断", "too few to say", "#d9d9d9");

/// The classes with their rows counted.
pub(super) fn counted(classes: &[ClassWords], rows: &[Row]) -> Vec<ClassEntry> {
    let entry = |&(class, zh, en, colour): &ClassWords| ClassEntry {
        class: class.to_owned(),
        label_zh: zh.to_owned(),
        label_en: en.to_owned(),
        colour: colour.to_owned(),
        count: rows.iter().filter(|row| row.class == class).count(),
    };
    classes.iter().map(entry).collect()
}

/// Four significant digits: what is shown of a number that chance moves.
pub(super) fn short(number: f64) -> Value {
    if number == 0.0 || !number.is_finite() {
        return Value::from(if number.is_finite() { Some(0.0) } else { None });
    }
    let text = format!("{number:.3e}");
    Value::from(text.parse::<f64>().unwrap_or(number))
}
