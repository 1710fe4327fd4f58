//! Features as they go out and come in (RFC 7946).

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::etag;
use crate::db::Page;
use crate::error::Result;

/// The word `Feature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum FeatureType {
    /// RFC 7946, section 3.2.
    Feature,
}

/// The word `FeatureCollection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum FeatureCollectionType {
    /// RFC 7946, section 3.3.
    FeatureCollection,
}

/// A GeoJSON geometry, as the description of the interface tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", content = "coordinates")]
pub enum Geometry {
    /// `[longitude, latitude]`, degrees.
    Point([f64; 2]),
    /// Rings, each closed; the first is the outer one.
    Polygon(Vec<Vec<[f64; 2]>>),
    /// Several polygons.
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
}

/// One row with its place: coordinates in degrees, WGS 84, longitude first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Feature<P> {
    /// Always `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Key of the row: a code or a number.
    pub id: serde_json::Value,
    /// GeoJSON geometry, or null where the place is not known or not shown.
    #[schema(value_type = Option<Geometry>)]
    pub geometry: Option<geojson::Geometry>,
    /// The attributes.
    pub properties: P,
}

impl<P> Feature<P> {
    /// A feature of a row.
    pub fn new(id: impl Into<serde_json::Value>, geometry: Option<&geo_types::Geometry<f64>>, properties: P) -> Self {
        Self { kind: FeatureType::Feature, id: id.into(), geometry: geometry.map(geojson::Geometry::from), properties }
    }
}

/// Where the next page begins.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct PageInfo {
    /// Cursor for `?cursor=`; null at the end.
    pub next: Option<String>,
}

/// A page of rows.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FeatureCollection<P> {
    /// Always `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: FeatureCollectionType,
    /// The rows.
    pub features: Vec<Feature<P>>,
    /// Where the next page begins.
    pub page: PageInfo,
}

impl<P> FeatureCollection<P> {
    /// A page of rows as features.
    pub fn of_page<T>(page: Page<T>, feature: impl FnMut(T) -> Feature<P>) -> Self {
        let next = page.next.map(crate::db::Cursor::to_text);
        Self { kind: FeatureCollectionType::FeatureCollection, features: page.rows.into_iter().map(feature).collect(), page: PageInfo { next } }
    }

    /// As [`Self::of_page`], where a row may fail to become a feature.
    pub fn of_rows<T>(page: Page<T>, feature: impl Fn(&T) -> Result<Feature<P>>) -> Result<Self> {
        let next = page.next;
        let rows = page.rows.into_iter().map(|row| feature(&row)).collect::<Result<Vec<_>>>()?;
        Ok(Self::of_page(Page { rows, next }, |row| row))
    }
}

/// A feature that a client sends; parts left out stay as they are in an edit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureInput<P> {
    /// May be given, must be `Feature`.
    #[serde(rename = "type", default)]
    pub kind: Option<FeatureType>,
    /// Ignored: the address names the row.
    #[serde(default)]
    pub id: Option<serde_json::Value>,
    /// GeoJSON geometry in WGS 84 degrees.
    #[serde(default)]
    #[schema(value_type = Option<Geometry>)]
    pub geometry: Option<geojson::Geometry>,
    /// The attributes.
    #[serde(default = "Option::default")]
    pub properties: Option<P>,
}

fn geo_json(body: Vec<u8>) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/geo+json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

impl<P: Serialize> IntoResponse for FeatureCollection<P> {
    fn into_response(self) -> Response {
        geo_json(serde_json::to_vec(&self).expect("rows are plain data"))
    }
}

/// One row as an answer, with the ETag of its version.
#[derive(Debug, Clone)]
pub struct Versioned<P>(pub Feature<P>, pub i32);

impl<P: Serialize> IntoResponse for Versioned<P> {
    fn into_response(self) -> Response {
        let mut response = geo_json(serde_json::to_vec(&self.0).expect("rows are plain data"));
        response.headers_mut().insert(header::ETAG, etag::of_version(self.1));
        response
    }
}
