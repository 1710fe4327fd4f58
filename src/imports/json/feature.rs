//! One feature, checked member by member.

use std::borrow::Cow;

use geo_types::Geometry;
use serde_json::value::RawValue;

use super::super::faults::{FaultCode, RowFault};
use super::super::source::Limits;
use super::members::{Members, value_text};
use super::shape::{KINDS, read_shape};

/// A feature that could be read; what was wrong with it stands in the faults.
#[derive(Debug, Default)]
pub struct Feature<'a> {
    /// The `id` as text.
    pub id: Option<Cow<'a, str>>,
    /// The properties; empty where they are `null`.
    pub properties: Members<'a>,
    /// The geometry in the coordinates of the file; `None` where it is `null` or empty.
    pub geometry: Option<Geometry<f64>>,
    /// The geometry as it is written.
    pub raw_geometry: Option<&'a RawValue>,
}

/// Reads the text of a Feature, or of a geometry on its own.
///
/// Faults and warnings go into `faults`. Returns `None` only where the text is no JSON object of a known type.
pub fn read_feature<'a>(text: &'a [u8], row: u64, limits: Limits, faults: &mut Vec<RowFault>) -> Option<Feature<'a>> {
    let members = match serde_json::from_slice::<Members<'a>>(text) {
        Ok(members) => members,
        Err(error) => {
            let code = if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
                RowFault::new(row, FaultCode::FeatureNotObject)
            } else {
                RowFault::new(row, FaultCode::NotJson).arg(error)
            };
            faults.push(code);
            return None;
        }
    };
    let fault = |code| RowFault::new(row, code);
    let Some(kind) = members.get("type") else {
        faults.push(fault(FaultCode::TypeMissing).column("type").arg("Feature"));
        return None;
    };
    if !kind.get().starts_with('"') {
        faults.push(fault(FaultCode::TypeNotString).column("type").arg("Feature"));
        return None;
    }
    let kind = value_text(kind);
    if KINDS.contains(&kind.as_ref()) {
        let raw = serde_json::from_slice::<&RawValue>(text).ok();
        let geometry = read_shape(&members, row, limits, faults);
        return Some(Feature { geometry, raw_geometry: raw, ..Feature::default() });
    }
    if kind != "Feature" {
        faults.push(fault(FaultCode::TypeUnknown).column("type").arg(kind).arg("Feature"));
        return None;
    }
    if let Some(name) = members.double() {
        faults.push(fault(FaultCode::DuplicateMember).column(name).arg(name));
    }
    for name in ["coordinates", "geometries", "features"] {
        if members.get(name).is_some() {
            faults.push(fault(FaultCode::ForbiddenMember).column(name).arg("Feature").arg(name));
        }
    }
    if let Some(bbox) = members.get("bbox") {
        check_bbox(bbox.get().as_bytes(), row, faults);
    }
    let id = members.get("id").and_then(|id| {
        if matches!(id.get().as_bytes()[0], b'"' | b'-' | b'0'..=b'9') {
            return Some(value_text(id));
        }
        faults.push(fault(FaultCode::IdType).column("id"));
        None
    });
    let properties = read_properties(&members, row, faults);
    let (geometry, raw_geometry) = read_geometry(&members, row, limits, faults);
    Some(Feature { id, properties, geometry, raw_geometry })
}

fn read_properties<'a>(members: &Members<'a>, row: u64, faults: &mut Vec<RowFault>) -> Members<'a> {
    let Some(raw) = members.get("properties") else {
        faults.push(RowFault::new(row, FaultCode::MemberMissing).column("properties").arg("properties"));
        return Members::default();
    };
    if raw.get() == "null" {
        return Members::default();
    }
    let Ok(properties) = serde_json::from_str::<Members<'a>>(raw.get()) else {
        faults.push(RowFault::new(row, FaultCode::PropertiesType).column("properties"));
        return Members::default();
    };
    if let Some(name) = properties.double() {
        faults.push(RowFault::new(row, FaultCode::DuplicateMember).column(name).arg(name));
    }
    properties
}

fn read_geometry<'a>(members: &Members<'a>, row: u64, limits: Limits, faults: &mut Vec<RowFault>) -> (Option<Geometry<f64>>, Option<&'a RawValue>) {
    let Some(raw) = members.get("geometry") else {
        faults.push(RowFault::new(row, FaultCode::MemberMissing).column("geometry").arg("geometry"));
        return (None, None);
    };
    if raw.get() == "null" {
        return (None, None);
    }
    let Ok(geometry) = serde_json::from_str::<Members<'a>>(raw.get()) else {
        faults.push(RowFault::new(row, FaultCode::GeometryType).column("geometry"));
        return (None, None);
    };
    (read_shape(&geometry, row, limits, faults), Some(raw))
}

/// Checks a `bbox` member: four or six numbers.
pub(super) fn check_bbox(raw: &[u8], row: u64, faults: &mut Vec<RowFault>) {
    let fault = |code| RowFault::new(row, code).column("bbox");
    match serde_json::from_slice::<Vec<serde_json::Value>>(raw) {
        Err(_) => faults.push(fault(FaultCode::BboxArray)),
        Ok(numbers) if numbers.iter().any(|number| !number.is_number()) => faults.push(fault(FaultCode::BboxNumber)),
        Ok(numbers) if !matches!(numbers.len(), 4 | 6) => faults.push(fault(FaultCode::BboxLength).arg(numbers.len())),
        Ok(_) => {}
    }
}
