//! Which column is which field: by name, by the headings that are known, by a slip of one letter, or as told.
//!
//! The result is shown before anything is written; nothing here reads a row.

use std::collections::BTreeMap;

use super::faults::{FaultCode, RowFault};
use super::fields::{Field, FieldId, Need, Noun};
use super::lists::plain;
use super::values::dates::Order;

/// What a person tells about the columns: `--columns`, or a `--map` file of this shape in JSON.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Field to heading; an empty heading leaves the field out.
    pub columns: BTreeMap<String, String>,
    /// Field to a value that every row has.
    pub constants: BTreeMap<String, String>,
    /// Field to what its values mean: value in the file to value in the list; `*` is every other.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// Field to `mdy` or `dmy`.
    pub dates: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a `--map` file.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RowFault> {
        serde_json::from_slice(bytes).map_err(|error| RowFault::new(0, FaultCode::NotJson).arg(error))
    }

    /// Adds what `--columns` says: `field=HEADING`, `field=HEADING:mdy`, `field:=VALUE`, with commas between.
    ///
    /// A part without a sign belongs to the heading before it, so headings may hold commas.
    pub fn add_columns(&mut self, text: &str) {
        let mut parts: Vec<String> = Vec::new();
        for part in text.split(',') {
            match parts.last_mut() {
                Some(last) if !part.contains('=') => {
                    last.push(',');
                    last.push_str(part);
                }
                _ => parts.push(part.to_owned()),
            }
        }
        for part in parts {
            let Some((field, value)) = part.split_once('=') else { continue };
            if let Some(field) = field.strip_suffix(':') {
                self.constants.insert(field.trim().to_owned(), value.trim().to_owned());
                continue;
            }
            let (heading, order) = match value.rsplit_once(':') {
                Some((heading, order)) if Order::parse(order).is_some() => (heading, Some(order)),
                _ => (value, None),
            };
            let field = field.trim().to_owned();
            if let Some(order) = order {
                self.dates.insert(field.clone(), order.to_ascii_lowercase());
            }
            self.columns.insert(field, heading.trim().to_owned());
        }
    }
}

/// How a field was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// As told.
    Given,
    /// The heading is the field's own name, English or Chinese.
    Name,
    /// The heading is one that is known to mean it.
    Heading,
    /// The heading is one letter off; look at it.
    Near,
    /// Every row has the value told.
    Constant,
    /// No column; the default is taken.
    Default,
    /// No column; the field stays empty.
    Absent,
}

/// One field and where its values come from.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Match {
    /// The field's name.
    pub field: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// The heading as it stands in the file.
    pub heading: Option<String>,
    /// How it was found.
    pub how: How,
    /// The value of every row, where told or by default.
    pub constant: Option<String>,
    /// The order of day and month, where the column needs one.
    pub order: Option<Order>,
    #[serde(skip)]
    pub(super) column: Option<usize>,
    #[serde(skip)]
    pub(super) id: FieldId,
}

/// The columns of a file as they are understood.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Matching {
    /// One entry per field of the noun.
    pub fields: Vec<Match>,
    /// Headings that mean nothing here; they are not imported.
    pub unmatched: Vec<String>,
    /// The datum that the headings of the coordinates name, as in `经度_gcj02`.
    pub datum: Option<&'static str>,
}

impl Matching {
    /// The entry of a field.
    pub fn of(&self, id: FieldId) -> Option<&Match> {
        self.fields.iter().find(|own| own.id == id)
    }

    /// Whether a field has a column or a value.
    pub fn has(&self, id: FieldId) -> bool {
        self.of(id).is_some_and(|own| own.column.is_some() || own.constant.is_some())
    }
}

const DATUMS: [(&str, &str); 12] = [
    ("gcj02", "GCJ-02"),
    ("火星坐标", "GCJ-02"),
    ("火星", "GCJ-02"),
    ("高德", "GCJ-02"),
    ("bd09ll", "BD-09"),
    ("bd09", "BD-09"),
    ("百度", "BD-09"),
    ("wgs84", "EPSG:4326"),
    ("epsg4326", "EPSG:4326"),
    ("cgcs2000", "EPSG:4490"),
    ("国家2000", "EPSG:4490"),
    ("2000", "EPSG:4490"),
];

/// The heading in the form in which headings are compared, and the datum that stood in it.
fn key_of(heading: &str) -> (String, Option<&'static str>) {
    let key = plain(heading);
    for (word, datum) in DATUMS {
        if let Some(at) = key.find(word) {
            let rest = format!("{}{}", &key[..at], &key[at + word.len()..]);
            if matches!(rest.as_str(), "x" | "y" | "lon" | "lat" | "lng" | "longitude" | "latitude" | "经度" | "纬度") {
                return (rest, Some(datum));
            }
        }
    }
    (key, None)
}

/// Finds the column of every field.
///
/// * `headings` – as in the file
/// * `has_shapes` – whether rows bring geometries of their own (GeoJSON), so that no column of coordinates is wanted
///
/// Faults name what is missing, ambiguous or unknown; with any, no row should be read.
pub fn match_columns(noun: Noun, headings: &[String], has_shapes: bool, mapping: &Mapping) -> (Matching, Vec<RowFault>) {
    let mut faults = unknown_fields(noun, mapping);
    let keys: Vec<(String, Option<&'static str>)> = headings.iter().map(|heading| key_of(heading)).collect();
    let mut taken = vec![false; headings.len()];
    let mut found: Vec<(Option<usize>, How)> = Vec::new();
    let is_place = |field: &Field| matches!(field.id, FieldId::Longitude | FieldId::Latitude | FieldId::Wkt);
    for field in noun.fields() {
        let told = mapping.columns.get(field.name);
        let column = match told {
            Some(heading) if heading.is_empty() => Some((None, How::Absent)),
            Some(heading) => {
                let at = headings.iter().position(|own| own == heading).or_else(|| keys.iter().position(|(key, _)| *key == plain(heading)));
                if at.is_none() {
                    faults.push(RowFault::new(0, FaultCode::ColumnUnknown).column(heading).arg(heading).arg(headings.join(", ")));
                }
                Some((at, How::Given))
            }
            None if mapping.constants.contains_key(field.name) => Some((None, How::Constant)),
            None if has_shapes && is_place(field) => Some((None, How::Absent)),
            None => None,
        };
        if let Some((Some(at), _)) = column {
            taken[at] = true;
        }
        found.push(column.unwrap_or((None, How::Near)));
    }
    for (field, found) in noun.fields().iter().zip(&mut found) {
        if *found == (None, How::Near) {
            *found = by_heading(field, headings, &keys, &mut taken, &mut faults);
        }
    }
    for (field, found) in noun.fields().iter().zip(&mut found) {
        if *found == (None, How::Near) {
            *found = by_slip(field, &keys, &mut taken);
        }
    }
    let mut matching = Matching::default();
    for (field, (column, how)) in noun.fields().iter().zip(found) {
        let constant = match (mapping.constants.get(field.name), field.need) {
            (Some(value), _) => Some(value.clone()),
            (None, Need::Default(value)) => Some(value.to_owned()),
            _ => None,
        };
        let how = match (how, &constant) {
            (How::Absent, Some(_)) if column.is_none() => How::Default,
            _ => how,
        };
        if column.is_none()
            && constant.is_none()
            && field.need == Need::Required
            && !faults.iter().any(|f| f.args.get(1).is_some_and(|name| name == field.name))
        {
            faults.push(missing(field));
        }
        let heading = column.map(|at| headings[at].clone());
        let order = mapping.dates.get(field.name).and_then(|order| Order::parse(order));
        matching.fields.push(Match { field: field.name, zh: field.zh, heading, how, constant, order, column, id: field.id });
    }
    if let (Some(x), Some(y)) = (column_of(&matching, FieldId::Longitude), column_of(&matching, FieldId::Latitude)) {
        matching.datum = keys[x].1.filter(|datum| keys[y].1 == Some(datum));
    }
    matching.unmatched = (0..headings.len()).filter(|&at| !taken[at] && !headings[at].is_empty()).map(|at| headings[at].clone()).collect();
    faults.extend(missing_group(noun, has_shapes, &matching));
    (matching, faults)
}

fn column_of(matching: &Matching, id: FieldId) -> Option<usize> {
    matching.of(id).and_then(|own| own.column)
}

fn missing(field: &Field) -> RowFault {
    let known: Vec<&str> = [field.name, field.zh].into_iter().chain(field.headings.iter().copied()).take(8).collect();
    RowFault::new(0, FaultCode::ColumnMissing).arg(field.zh).arg(field.name).arg(known.join("、"))
}

/// What one of several fields must bring: a place, a day.
fn missing_group(noun: Noun, has_shapes: bool, matching: &Matching) -> Vec<RowFault> {
    let field = |id: FieldId| noun.fields().iter().find(|field| field.id == id);
    let mut faults = Vec::new();
    let pair = (matching.has(FieldId::Longitude), matching.has(FieldId::Latitude));
    if !has_shapes && noun.is_point() && !matching.has(FieldId::Wkt) && pair != (true, true) {
        faults.extend(field(if pair.0 { FieldId::Latitude } else { FieldId::Longitude }).map(missing));
    }
    if !has_shapes && noun == Noun::Cells && !matching.has(FieldId::Wkt) {
        faults.extend(field(FieldId::Wkt).map(missing));
    }
    if noun == Noun::Incidents && !matching.has(FieldId::OccurredOn) && !matching.has(FieldId::DiscoveredAt) {
        faults.extend(field(FieldId::OccurredOn).map(missing));
    }
    faults
}

fn unknown_fields(noun: Noun, mapping: &Mapping) -> Vec<RowFault> {
    let told = mapping.columns.keys().chain(mapping.constants.keys()).chain(mapping.values.keys()).chain(mapping.dates.keys());
    let known: Vec<&str> = noun.fields().iter().map(|field| field.name).collect();
    told.filter(|name| !known.contains(&name.as_str()))
        .map(|name| RowFault::new(0, FaultCode::FieldUnknown).arg(name).arg(known.join(", ")))
        .collect()
}

fn by_heading(
    field: &Field,
    headings: &[String],
    keys: &[(String, Option<&'static str>)],
    taken: &mut [bool],
    faults: &mut Vec<RowFault>,
) -> (Option<usize>, How) {
    let words = [field.name, field.zh].into_iter().chain(field.headings.iter().copied());
    for (rank, word) in words.enumerate() {
        let word = plain(word);
        let hits: Vec<usize> = (0..keys.len()).filter(|&at| !taken[at] && keys[at].0 == word).collect();
        if hits.len() > 1 {
            let names: Vec<&str> = hits.iter().map(|&at| headings[at].as_str()).collect();
            faults.push(RowFault::new(0, FaultCode::ColumnAmbiguous).arg(field.zh).arg(field.name).arg(names.join("、")));
            return (None, How::Absent);
        }
        if let [at] = hits[..] {
            taken[at] = true;
            return (Some(at), if rank < 2 { How::Name } else { How::Heading });
        }
    }
    (None, How::Near)
}

/// One letter more, less or other than a known heading of five letters or more.
fn by_slip(field: &Field, keys: &[(String, Option<&'static str>)], taken: &mut [bool]) -> (Option<usize>, How) {
    let words: Vec<String> = [field.name, field.zh].into_iter().chain(field.headings.iter().copied()).map(plain).collect();
    let near = |key: &str| words.iter().any(|word| word.chars().count() >= 5 && strsim::damerau_levenshtein(word, key) == 1);
    let hits: Vec<usize> = (0..keys.len()).filter(|&at| !taken[at] && near(&keys[at].0)).collect();
    match hits[..] {
        [at] => {
            taken[at] = true;
            (Some(at), How::Near)
        }
        _ => (None, How::Absent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = (Vec<(&'static str, String, How)>, Vec<FaultCode>, Matching);

    fn matched(noun: Noun, headings: &[&str], columns: &str) -> Found {
        let mut mapping = Mapping::default();
        mapping.add_columns(columns);
        let headings: Vec<String> = headings.iter().map(|&heading| heading.to_owned()).collect();
        let (matching, faults) = match_columns(noun, &headings, false, &mapping);
        let found = matching.fields.iter().filter_map(|own| Some((own.field, own.heading.clone()?, own.how))).collect();
        (found, faults.iter().map(|fault| fault.code).collect(), matching)
    }

    #[test]
    fn headings_are_found_in_both_languages_whatever_their_case() {
        let (found, faults, matching) = matched(Noun::Areas, &["村社代码", " 村社 名称", "乡镇代码", "Town_Name", "区县代码"], "");
        let expected = [
            ("code", "村社代码", How::Heading),
            ("name", " 村社 名称", How::Heading),
            ("township_code", "乡镇代码", How::Name),
            ("township_name", "Town_Name", How::Heading),
        ];
        assert_eq!(found, expected.map(|(field, heading, how)| (field, heading.to_owned(), how)));
        assert_eq!((faults, matching.unmatched), (vec![], vec!["区县代码".to_owned()]));
    }

    #[test]
    fn a_datum_in_the_headings_of_coordinates_is_read() {
        let (_, faults, matching) = matched(Noun::Households, &["经度_gcj02", "纬度_GCJ02", "户数"], "");
        assert_eq!((faults, matching.datum), (vec![], Some("GCJ-02")));
        let (_, faults, _) = matched(Noun::Households, &["WGS84_x", "WGS84_y", "GCJ02_x", "GCJ02_y"], "");
        assert_eq!(faults[..2], [FaultCode::ColumnAmbiguous, FaultCode::ColumnAmbiguous]);
        let (_, faults, matching) = matched(Noun::Households, &["WGS84_x", "WGS84_y", "GCJ02_x", "GCJ02_y"], "lon=BD09_x,lat=GCJ02_y");
        assert_eq!((faults[0], matching.datum), (FaultCode::ColumnUnknown, None));
        let (_, faults, matching) = matched(Noun::Households, &["WGS84_x", "WGS84_y", "GCJ02_x", "GCJ02_y"], "lon=GCJ02_x,lat=GCJ02_y");
        assert_eq!((faults, matching.datum), (vec![], Some("GCJ-02")));
    }

    #[test]
    fn what_is_told_goes_before_what_is_found() {
        let headings = ["Date", "Category, main", "lon", "lat"];
        let (found, faults, matching) = matched(Noun::Incidents, &headings, "occurred_on=Date:dmy,category=Category, main,source:=police");
        assert_eq!(faults, []);
        assert_eq!(found[0], ("category", "Category, main".to_owned(), How::Given));
        let of = |id| matching.of(id).expect("a field of incidents");
        assert_eq!((of(FieldId::OccurredOn).order, of(FieldId::Source).constant.as_deref()), (Some(Order::Dmy), Some("police")));
    }

    #[test]
    fn what_is_missing_is_named_and_a_slip_of_one_letter_is_seen() {
        let (_, faults, _) = matched(Noun::Incidents, &["lon"], "nonsense=lon");
        assert_eq!(
            faults,
            [FaultCode::FieldUnknown, FaultCode::ColumnMissing, FaultCode::ColumnMissing, FaultCode::ColumnMissing, FaultCode::ColumnMissing,]
        );
        let (found, _, _) = matched(Noun::Households, &["longitud", "latitude"], "");
        assert_eq!(found[0], ("lon", "longitud".to_owned(), How::Near));
    }
}
