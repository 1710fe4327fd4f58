//! A case as it lies in its file, and what comes of comparing with it.

use std::fmt;
use std::path::{Path, PathBuf};

use geo::{Coord, MultiPolygon};
use maplebridge::stats::Weights;
use serde_json::Value;

/// One case.
pub(super) struct Case {
    dir: PathBuf,
    pub(super) input: Value,
    pub(super) expected: Value,
    tolerance: Value,
}

/// How far a number may be off: `rel` of what is expected, and `abs`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    pub(super) rel: f64,
    pub(super) abs: f64,
}

/// What most numbers are held to.
pub(super) const USUAL: Tolerance = Tolerance { rel: 1e-9, abs: 1e-12 };

/// p values from the normal tail.
pub(super) const TAIL: Tolerance = Tolerance { rel: 1e-7, abs: 1e-14 };

pub(super) fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn floats(value: &Value) -> Vec<f64> {
    list(value).iter().map(|v| v.as_f64().unwrap_or_else(|| panic!("{v} is no number"))).collect()
}

pub(super) fn indices(value: &Value) -> Vec<usize> {
    list(value).iter().map(|v| index(v).unwrap_or_else(|| panic!("{v} is no position"))).collect()
}

/// A whole number, also when it is written as 3.0.
pub(super) fn index(value: &Value) -> Option<usize> {
    value.as_u64().map(|v| v as usize).or_else(|| value.as_f64().filter(|v| v.fract() == 0.0 && *v >= 0.0).map(|v| v as usize))
}

pub(super) fn coords(value: &Value) -> Vec<Coord> {
    list(value).iter().map(floats).map(|p| Coord { x: p[0], y: p[1] }).collect()
}

pub(super) fn weights(value: &Value) -> Weights {
    Weights::from_lists(&list(value).iter().map(indices).collect::<Vec<_>>()).expect("neighbours are cells")
}

/// Keys of an object that begin with a word, with the number that follows it: `fdr_0_05` → 0.05.
pub(super) fn numbered<'a>(object: &'a Value, begin: &str) -> Vec<(&'a Value, f64)> {
    let entries = object.as_object().into_iter().flatten();
    let number = |rest: &str| rest.split(|c: char| !c.is_ascii_digit() && c != '_').next().unwrap_or_default().replacen('_', ".", 1).parse().ok();
    entries.filter_map(|(key, value)| Some((value, number(key.strip_prefix(begin)?)?))).collect()
}

impl Case {
    pub(super) fn read(path: &Path) -> Self {
        let mut whole = read(path);
        let dir = path.parent().map(Path::to_owned).unwrap_or_default();
        Self { dir, input: whole["input"].take(), expected: whole["expected"].take(), tolerance: whole["tolerance"].take() }
    }

    /// The tolerance the file gives under one of some names, or else the usual one of its kind.
    pub(super) fn tolerance(&self, names: &[&str], usual: Tolerance) -> Tolerance {
        let given = names.iter().map(|name| &self.tolerance[*name]).find(|v| v.is_object());
        let given = given.unwrap_or(&self.tolerance);
        let number = |key: &str| given[key].as_f64();
        match (number("rel"), number("abs")) {
            (None, None) => usual,
            (rel, abs) => Tolerance { rel: rel.unwrap_or(0.0), abs: abs.unwrap_or(1e-14) },
        }
    }

    /// The shapes of the layer beside the case, in its own plane.
    pub(super) fn shapes(&self) -> Vec<MultiPolygon> {
        let layer = self.dir.join(text(&self.input["geometry_file"]));
        let collection: geojson::FeatureCollection =
            std::fs::read_to_string(&layer).unwrap_or_else(|e| panic!("{}: {e}", layer.display())).parse().expect("a collection of features");
        let shape = |feature: geojson::Feature| match feature.geometry.map(geo::Geometry::try_from) {
            Some(Ok(geo::Geometry::Polygon(polygon))) => MultiPolygon::new(vec![polygon]),
            Some(Ok(geo::Geometry::MultiPolygon(parts))) => parts,
            _ => MultiPolygon::new(vec![]),
        };
        collection.features.into_iter().map(shape).collect()
    }
}

/// What was compared, how far off it was, and what was too far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Numbers and lists compared.
    pub(super) compared: usize,
    /// The largest error relative to what is expected, and where.
    largest: Option<(f64, String)>,
    /// What does not hold.
    pub(super) faults: Vec<String>,
    /// What is worth saying, and no fault.
    pub(super) notes: Vec<String>,
}

impl Findings {
    /// One number beside another; `null` is expected where there is none.
    pub(super) fn number(&mut self, what: &str, got: Option<f64>, wanted: &Value, tolerance: Tolerance) {
        self.compared += 1;
        match (got, wanted.as_f64()) {
            (None, None) => {}
            (Some(got), Some(wanted)) => {
                let off = (got - wanted).abs();
                self.error(what, off / wanted.abs().max(tolerance.abs / tolerance.rel.max(1e-300)).max(1e-300));
                // Written so that NaN is a fault.
                if !matches!(off.partial_cmp(&(tolerance.rel * wanted.abs() + tolerance.abs)), Some(order) if order.is_le()) {
                    self.faults.push(format!("{what} is {got:e}, not {wanted:e}"));
                }
            }
            (got, _) => self.faults.push(format!("{what} is {got:?}, not {wanted}")),
        }
    }

    /// A list of numbers beside another; nothing when the case has none of that name.
    pub(super) fn numbers(&mut self, case: &Case, key: &str, tolerance: Tolerance, got: impl IntoIterator<Item = Option<f64>>) {
        let Value::Array(wanted) = &case.expected[key] else { return };
        let got: Vec<Option<f64>> = got.into_iter().collect();
        self.same(&format!("the length of {key}"), &got.len(), &wanted.len());
        for (i, (got, wanted)) in got.into_iter().zip(wanted).enumerate() {
            self.number(&format!("{key} {i}"), got, wanted, tolerance);
        }
    }

    /// Things that are equal or not.
    pub(super) fn same<T: PartialEq + fmt::Debug>(&mut self, what: &str, got: &T, wanted: &T) {
        self.compared += 1;
        if got != wanted {
            self.faults.push(format!("{what} is {got:?}, not {wanted:?}"));
        }
    }

    /// Keeps the largest error.
    pub(super) fn error(&mut self, what: &str, error: f64) {
        if self.largest.as_ref().is_none_or(|(largest, _)| error > *largest || error.is_nan()) {
            self.largest = Some((error, what.to_owned()));
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} compared", self.compared)?;
        match &self.largest {
            Some((error, what)) if *error > 0.0 => write!(f, ", largest relative error {error:.1e} ({what})")?,
            _ => write!(f, ", equal")?,
        }
        for note in &self.notes {
            write!(f, "; {note}")?;
        }
        if !self.faults.is_empty() {
            write!(f, "; {} FAULTS", self.faults.len())?;
        }
        Ok(())
    }
}
