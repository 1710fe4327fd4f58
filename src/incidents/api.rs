//! `/api/incidents`: register, list, open, change.

use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::store::{self, Filters, Incident};
use super::{clocks, safe_places, steps};
use crate::context::Context;
use crate::error::{Error, Result as Outcome};
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, FeatureCollection, FeatureInput, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem, Query};
use crate::read_model::PointLayer;
use crate::rows::version::must_match;
use crate::rows::{Common, Done, Wanted, given, id, note, place, split};
use crate::users::{Reader, Right, Signed};

/// The routes of cases.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_incidents, create_incident))
        .routes(routes!(find_incident, update_incident))
        .merge(steps::routes())
        .merge(clocks::routes())
}

/// A case. Its geometry is a safe place, never the true one; null outside every village.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct IncidentProperties {
    /// Key.
    pub id: String,
    /// Number at its office.
    pub case_no: Option<String>,
    /// Code of `incident_category`.
    pub category: String,
    /// Code of `incident_source`.
    pub source: String,
    /// Code of `incident_state`.
    pub state: String,
    /// Civil day on which it happened.
    pub occurred_on: NaiveDate,
    /// Civil day on which it was found.
    pub discovered_on: NaiveDate,
    /// Civil day by which it should be settled.
    pub due_on: Option<NaiveDate>,
    /// Civil day on which it was settled.
    pub closed_on: Option<NaiveDate>,
    /// Number of parties.
    pub parties_count: i32,
    /// Code of `parties_kind`.
    pub parties_kind: String,
    /// Code of `complexity`.
    pub complexity: String,
    /// Code of `risk_level`.
    pub risk_level: String,
    /// One sentence, without personal data.
    pub summary: Option<String>,
    /// Office that handles it.
    pub unit_id: Option<String>,
    /// Its cell of the day.
    pub cell_code: Option<String>,
    /// Its cell, else the smallest area that holds it.
    pub area_code: Option<String>,
    /// Raised to a higher level.
    pub escalated: bool,
    /// Counts edits.
    pub version: i32,
}

/// What a client sends; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentInput {
    /// Number at its office.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub case_no: Option<Option<String>>,
    /// Code of `incident_category`; a new case needs it.
    pub category: Option<String>,
    /// Code of `incident_source`.
    pub source: Option<String>,
    /// Civil day on which it happened; a new case needs it, and it stays.
    pub occurred_on: Option<NaiveDate>,
    /// Civil day on which it was found; today unless given.
    pub discovered_on: Option<NaiveDate>,
    /// Civil day by which it should be settled.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    pub due_on: Option<Option<NaiveDate>>,
    /// Number of parties.
    pub parties_count: Option<i32>,
    /// Code of `parties_kind`.
    pub parties_kind: Option<String>,
    /// Code of `complexity`.
    pub complexity: Option<String>,
    /// Code of `risk_level`.
    pub risk_level: Option<String>,
    /// One sentence, without names and numbers of persons.
    pub summary: Option<String>,
    /// Office that handles it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub unit_id: Option<Option<i64>>,
    /// Raised to a higher level.
    pub escalated: Option<bool>,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IncidentsQuery {
    /// Categories, with commas between.
    category: Option<String>,
    /// Sources, with commas between.
    source: Option<String>,
    /// States, with commas between.
    state: Option<String>,
    /// First day on which it happened.
    from: Option<NaiveDate>,
    /// Last day on which it happened.
    to: Option<NaiveDate>,
    /// First day on which it was found.
    found_from: Option<NaiveDate>,
    /// First day by which it should be settled.
    due_from: Option<NaiveDate>,
    /// Last day by which it should be settled.
    due_to: Option<NaiveDate>,
    /// Instant since which it was moved on at least once.
    moved_since: Option<DateTime<Utc>>,
    /// Code of an area or a cell.
    within: Option<String>,
    /// `west,south,east,north` in degrees, of safe places.
    bbox: Option<String>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// Refuses who may read no case anywhere.
pub(super) fn require_cases(reader: &Reader) -> Outcome<()> {
    if reader.units().is_empty() { reader.require(Right::Cases) } else { Ok(()) }
}

/// Refuses who sees a case and may not change it.
pub(super) fn may_change(reader: &Reader, row: &Incident) -> Outcome<()> {
    let own = reader.may(Right::WriteIncidents, row.scope_code) || row.unit_id.is_some_and(|unit| reader.units().contains(&unit));
    if own { Ok(()) } else { Err(place::foreign()) }
}

/// Cases, a page at a time. The look is in the audit trail.
#[utoipa::path(get, path = "/api/incidents", operation_id = "list_incidents", tag = "incidents", params(IncidentsQuery),
    responses((status = 200, body = FeatureCollection<IncidentProperties>, content_type = "application/geo+json"), (status = 403, body = Problem)))]
async fn list_incidents(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<IncidentsQuery>,
) -> Result<FeatureCollection<IncidentProperties>, Failure> {
    require_cases(&signed.reader)?;
    let detail = json!({
        "category": query.category, "source": query.source, "state": query.state, "from": query.from, "to": query.to,
        "found_from": query.found_from, "due_from": query.due_from, "due_to": query.due_to, "moved_since": query.moved_since,
        "within": query.within, "bbox": query.bbox,
    });
    let filters = Filters {
        category: split(query.category.as_deref()),
        source: split(query.source.as_deref()),
        state: split(query.state.as_deref()),
        from: query.from,
        to: query.to,
        found_from: query.found_from,
        due_from: query.due_from,
        due_to: query.due_to,
        moved_since: query.moved_since,
    };
    let scope_code = query.within.as_deref().and_then(|text| crate::codes::AreaCode::parse(text).ok()).map(crate::codes::AreaCode::lo);
    let common = Common { within: query.within, bbox: query.bbox, as_of: None, limit: query.limit, cursor: query.cursor };
    let wanted = Wanted::read(&context, &signed.reader, PointLayer::Incidents, &common, true)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let page = store::list(&mut transaction, wanted, filters).await?;
    let rows = page.rows.len() as i64;
    note(&context, &mut transaction, &signed, Done { action: "incident.list", target: "", scope_code, detail, rows }).await?;
    transaction.commit().await?;
    Ok(FeatureCollection::of_rows(page, Incident::feature)?)
}

/// Opens one case. The look is in the audit trail.
#[utoipa::path(get, path = "/api/incidents/{id}", operation_id = "find_incident", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = Feature<IncidentProperties>, content_type = "application/geo+json"), (status = 404, body = Problem)))]
async fn find_incident(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Versioned<IncidentProperties>, Failure> {
    require_cases(&signed.reader)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, id("incident", &key)?).await?;
    let done = Done { action: "incident.open", target: &key, scope_code: Some(row.scope_code), detail: json!({}), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// Registers a case. The place sent is sealed; what is shown is the nearest safe place of its cell.
#[utoipa::path(post, path = "/api/incidents", operation_id = "create_incident", tag = "incidents", request_body = FeatureInput<IncidentInput>,
    responses((status = 201, body = Feature<IncidentProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create_incident(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<FeatureInput<IncidentInput>>,
) -> Result<impl IntoResponse, Failure> {
    let reader = &signed.reader;
    reader.require(Right::WriteIncidents)?;
    let at = place::point(sent.geometry.as_ref())?;
    let (today, now) = (context.clock.today(), context.clock.now());
    let properties = sent.properties.unwrap_or_default();
    if properties.occurred_on.is_none() {
        return Err(Error::invalid("/properties/occurred_on", "missing", "give the day on which it happened").into());
    }
    let mut row = Incident::new(today);
    let fields = row.take(properties);
    let mut transaction = context.begin(reader).await?;
    let scope = place::scope_at(&context, &mut transaction, reader, Right::WriteIncidents, at).await?;
    row.check(&mut transaction, today).await?;
    let of_the_day = if row.occurred_on < today { store::cell_on(&mut transaction, at, row.occurred_on).await? } else { None };
    row.scope_code = of_the_day.filter(|&code| reader.may(Right::WriteIncidents, code)).unwrap_or(scope);
    row.safe_place_id = safe_places::for_place(&mut transaction, scope, at, today).await?.map(|place| place.id);
    let key = store::insert(&mut transaction, &row, at, reader.user_id, now).await?;
    let row = store::find(&mut transaction, key).await?;
    let target = key.to_string();
    let done = Done { action: "incident.create", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    let address = [(header::LOCATION, format!("/api/incidents/{key}"))];
    Ok((StatusCode::CREATED, address, Versioned(row.feature()?, row.version)))
}

/// Changes what is given of a case. Its place, its day and its state are not changed here.
#[utoipa::path(patch, path = "/api/incidents/{id}", operation_id = "update_incident", tag = "incidents", params(("id" = String, Path), ("If-Match" = String, Header)),
    request_body = FeatureInput<IncidentInput>,
    responses((status = 200, body = Feature<IncidentProperties>, content_type = "application/geo+json"), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn update_incident(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<FeatureInput<IncidentInput>>,
) -> Result<Versioned<IncidentProperties>, Failure> {
    require_cases(&signed.reader)?;
    let key = id("incident", &key)?;
    let mut transaction = context.begin(&signed.reader).await?;
    store::hold(&mut transaction, key).await?;
    let mut row = store::find(&mut transaction, key).await?;
    may_change(&signed.reader, &row)?;
    must_match(expected, row.version, || row.feature())?;
    if sent.geometry.is_some() {
        return Err(Error::invalid("/geometry", "sealed", "the place of a case is sealed at its registration").into());
    }
    let (unit, day) = (row.unit_id, row.occurred_on);
    let fields = row.take(sent.properties.unwrap_or_default());
    if row.occurred_on != day {
        return Err(Error::invalid("/properties/occurred_on", "read_only", "the day decides the cell and stays; register the case anew").into());
    }
    if row.unit_id != unit && !signed.reader.may(Right::WriteIncidents, row.scope_code) {
        return Err(Error::Forbidden("a unit does not hand a case to another; return it to the centre".into()).into());
    }
    if fields.is_empty() {
        return Ok(Versioned(row.feature()?, row.version));
    }
    row.check(&mut transaction, context.clock.today()).await?;
    store::update(&mut transaction, &row).await?;
    let row = store::find(&mut transaction, key).await?;
    let target = key.to_string();
    let done = Done { action: "incident.update", target: &target, scope_code: Some(row.scope_code), detail: json!({ "fields": fields }), rows: 1 };
    note(&context, &mut transaction, &signed, done).await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature()?, row.version))
}
