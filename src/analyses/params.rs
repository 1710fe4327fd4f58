//! What an analysis is asked: one set of parameters, of which each takes some.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema};

use super::Entry;
use crate::codes::Level;
use crate::error::{Error, Fault, Result};
use crate::privacy::text_gate;

/// The level of the places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceLevel {
    /// Grid cells.
    Cell,
    /// Villages and communities.
    Village,
    /// Townships; for published numbers.
    Township,
    /// Hexagons of H3, resolution 7 (5 km²); with case rights only, as the two below.
    Hex7,
    /// Resolution 8 (0.7 km²).
    Hex8,
    /// Resolution 9 (0.1 km²).
    Hex9,
}

impl PlaceLevel {
    /// The level of areas; none for hexagons.
    pub(super) const fn area(self) -> Option<Level> {
        match self {
            Self::Cell => Some(Level::Cell),
            Self::Village => Some(Level::Village),
            Self::Township => Some(Level::Township),
            Self::Hex7 | Self::Hex8 | Self::Hex9 => None,
        }
    }

    pub(super) const fn is_hex(self) -> bool {
        self.area().is_none()
    }

    pub(super) const fn of(level: Level) -> Self {
        match level {
            Level::Cell => Self::Cell,
            Level::Village => Self::Village,
            _ => Self::Township,
        }
    }
}

/// What incidents are set against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// Households of today.
    Households,
    /// Square kilometres.
    AreaKm2,
    /// Incidents of all kinds, sources and states in the same days; with case rights only.
    Incidents,
}

/// Who counts as a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Neighbourhood {
    /// Whose borders touch, in a corner too.
    Queen,
    /// Whose borders run beside each other.
    Rook,
    /// The nearest `nearest` places.
    Nearest,
    /// All places within `band_m`.
    Band,
}

/// Parameters of all analyses; each takes some of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Code of the area; may be left out by who has rights in one area only.
    pub within: Option<String>,
    /// Level of the places: `cell` unless given; of published numbers the finest at which half of the places are told.
    #[schema(inline)]
    pub level: Option<PlaceLevel>,
    /// Group of kinds. Published numbers: `ordinary` unless given; cases: every kind.
    pub group: Option<String>,
    /// First day; 365 days before the last unless given. Published numbers: its month.
    pub from: Option<NaiveDate>,
    /// Last day; today unless given. Published numbers: its month.
    pub to: Option<NaiveDate>,
    /// Categories; with case rights only.
    pub category: Vec<String>,
    /// Sources; with case rights only.
    pub source: Vec<String>,
    /// States; with case rights only.
    pub state: Vec<String>,
    /// What incidents are set against; hexagons have no households, and `area_km2` unless given.
    #[schema(inline)]
    pub denominator: Denominator,
    /// Who counts as a neighbour.
    #[schema(inline)]
    pub neighbourhood: Neighbourhood,
    /// How many of the nearest places are neighbours.
    #[schema(minimum = 1, maximum = 50)]
    pub nearest: u32,
    /// Within how many metres a place is a neighbour.
    #[schema(minimum = 50, maximum = 50_000)]
    pub band_m: f64,
    /// Wanted share of false finds.
    #[schema(minimum = 0.0001, maximum = 0.5)]
    pub alpha: f64,
    /// Seed of the permutations and simulations: the same seed, the same answer.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub seed: u32,
    /// Metres within which incidents lie together.
    #[schema(minimum = 10, maximum = 5_000)]
    pub eps_m: f64,
    /// Incidents that make a cluster.
    #[schema(minimum = 2, maximum = 1_000)]
    pub min_points: u32,
    /// Metres at which an incident is felt no more.
    #[schema(minimum = 50, maximum = 5_000)]
    pub bandwidth_m: f64,
    /// The longest window that is searched, in weeks.
    #[schema(minimum = 1, maximum = 26)]
    pub most_weeks: u32,
    /// The most places of a zone that is searched.
    #[schema(minimum = 1, maximum = 50)]
    pub zone_places: u32,
    /// Simulations behind a p.
    #[schema(minimum = 19, maximum = 9_999)]
    pub simulations: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            within: None,
            level: None,
            group: None,
            from: None,
            to: None,
            category: Vec::new(),
            source: Vec::new(),
            state: Vec::new(),
            denominator: Denominator::Households,
            neighbourhood: Neighbourhood::Queen,
            nearest: 8,
            band_m: 1_500.0,
            alpha: 0.05,
            seed: 1,
            eps_m: 150.0,
            min_points: 10,
            bandwidth_m: 800.0,
            most_weeks: 8,
            zone_places: 12,
            simulations: 999,
        }
    }
}

/// Parameters that every analysis takes.
const COMMON: [&str; 8] = ["within", "level", "group", "from", "to", "category", "source", "state"];

impl Params {
    /// Reads what was sent, as far as the analysis takes it: `Invalid` names what it does not take.
    pub fn read(entry: &Entry, sent: Map<String, Value>) -> Result<Self> {
        let mut faults = Vec::new();
        for (name, value) in &sent {
            gate(&format!("/{name}"), value, &mut faults);
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        let names = names(entry);
        if let Some(name) = sent.keys().find(|name| !names.contains(&name.as_str())) {
            let message = format!("{} takes {}", entry.name, names.join(", "));
            return Err(Error::invalid(format!("/{}", name.chars().take(40).collect::<String>()), "unknown_parameter", message));
        }
        let names_denominator = sent.contains_key("denominator");
        let mut params: Self = serde_path_to_error::deserialize(Value::Object(sent)).map_err(|error| {
            let pointer = format!("/{}", error.path().to_string().replace('.', "/"));
            Error::invalid(pointer, "wrong_shape", error.into_inner().to_string())
        })?;
        params.check()?;
        if params.level.is_some_and(PlaceLevel::is_hex) {
            if !names_denominator {
                params.denominator = Denominator::AreaKm2;
            } else if params.denominator == Denominator::Households {
                let message = "hexagons have no households: give area_km2 or incidents, or a level of areas";
                return Err(Error::invalid("/denominator", "not_of_hexagons", message));
            }
        }
        Ok(params)
    }

    fn check(&self) -> Result<()> {
        let bounds = schema_of_all();
        let given = serde_json::to_value(self).map_err(Error::internal("look at parameters"))?;
        let mut faults = Vec::new();
        for (name, schema) in bounds.as_object().into_iter().flatten() {
            let (Some(least), Some(most)) = (schema["minimum"].as_f64(), schema["maximum"].as_f64()) else { continue };
            if given[name].as_f64().is_none_or(|number| !(least..=most).contains(&number)) {
                faults.push(Fault::new(format!("/{name}"), "out_of_range", format!("{name} is not between {least} and {most}")));
            }
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| from > to) {
            faults.push(Fault::new("/to", "out_of_range", "the last day lies before the first"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    /// As they are kept: what the analysis takes, settled.
    pub(super) fn kept(&self, entry: &Entry) -> Result<Value> {
        let mut all = serde_json::to_value(self).map_err(Error::internal("keep parameters"))?;
        if let Some(members) = all.as_object_mut() {
            let names = names(entry);
            members.retain(|name, value| names.contains(&name.as_str()) && !value.is_null());
        }
        Ok(all)
    }
}

fn names(entry: &Entry) -> Vec<&'static str> {
    COMMON.iter().chain(entry.takes).copied().collect()
}

/// Numbers that name a person are refused before anything repeats them.
fn gate(pointer: &str, value: &Value, faults: &mut Vec<Fault>) {
    match value {
        Value::String(text) => faults.extend(text_gate::faults(pointer, text)),
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| gate(&format!("{pointer}/{n}"), item, faults)),
        Value::Object(members) => members.iter().for_each(|(name, item)| gate(&format!("{pointer}/{name}"), item, faults)),
        _ => {}
    }
}

/// The properties of all parameters, as JSON schema with defaults.
fn schema_of_all() -> Value {
    let mut schema = serde_json::to_value(Params::schema()).unwrap_or_default();
    let defaults = serde_json::to_value(Params::default()).unwrap_or_default();
    let mut properties = schema["properties"].take();
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        if !defaults[name].is_null() {
            property["default"] = defaults[name].clone();
        }
    }
    properties
}

/// The JSON schema of what one analysis takes.
pub(super) fn schema(entry: &Entry) -> Value {
    let mut properties = schema_of_all();
    let names = names(entry);
    if let Some(members) = properties.as_object_mut() {
        members.retain(|name, _| names.contains(&name.as_str()));
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::super::{LIST, find};
    use super::*;

    fn read(name: &str, sent: Value) -> Result<Params> {
        let Value::Object(sent) = sent else { panic!("no object") };
        Params::read(find(name).unwrap(), sent)
    }

    #[test]
    fn what_an_analysis_does_not_take_is_refused_by_name() {
        assert_eq!(read("rates", json!({"alpha": 0.01})).unwrap(), Params { alpha: 0.01, ..Params::default() });
        let said = |name, sent| read(name, sent).unwrap_err().to_string();
        assert!(said("rates", json!({"eps_m": 50})).starts_with("/eps_m: rates takes within, level"));
        assert!(said("rates", json!({"alpha": 2})).starts_with("/alpha: alpha is not between"));
        assert!(said("rates", json!({"level": "street"})).starts_with("/level: unknown variant"));
        assert!(said("rates", json!({"from": "2026-02-01", "to": "2026-01-01"})).contains("before the first"));
        assert!(find("nothing").is_err());
    }

    #[test]
    fn hexagons_are_set_against_their_area_unless_told_otherwise_and_never_against_households() {
        assert_eq!(read("rates", json!({"level": "hex8"})).unwrap().denominator, Denominator::AreaKm2);
        assert_eq!(read("rates", json!({"level": "hex8", "denominator": "incidents"})).unwrap().denominator, Denominator::Incidents);
        assert!(read("rates", json!({"level": "hex8", "denominator": "households"})).unwrap_err().to_string().starts_with("/denominator: hexagons"));
        assert!(read("rates", json!({"level": "hex10"})).is_err());
    }

    #[test]
    fn a_persons_number_is_refused_and_not_repeated() {
        let said = read("rates", json!({"category": ["13800138000"]})).unwrap_err().to_string();
        assert!(said.starts_with("/category/0") && !said.contains("138"), "{said}");
    }

    #[test]
    fn every_parameter_an_analysis_takes_is_described_with_its_default() {
        for entry in LIST {
            let schema = schema(entry);
            for name in entry.takes {
                assert!(
                    schema["properties"][name]["default"] != Value::Null && schema["properties"][name]["description"].is_string(),
                    "{} {name}",
                    entry.name
                );
            }
        }
    }
}
