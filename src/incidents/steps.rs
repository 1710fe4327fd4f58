//! `/api/incidents/{id}/transitions` and `/place`: a case moves on; its unit opens the true place.

use axum::Json;
use axum::extract::{FromRef, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{IncidentProperties, may_change, require_cases};
use super::store::{self, Incident, StepTaken};
use crate::audit;
use crate::context::Context;
use crate::db::Scoped;
use crate::error::{Error, Result as Outcome};
use crate::http::etag::IfMatch;
use crate::http::geojson::{Feature, Versioned};
use crate::http::problem::Failure;
use crate::http::{Body, Path, Problem};
use crate::rows::version::must_match;
use crate::rows::{Checks, Done, area_of, id, note};
use crate::users::{Reader, Role, Signed};

/// The routes of steps and of the true place.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(move_incident)).routes(routes!(list_incident_steps)).routes(routes!(open_incident_place))
}

/// A step.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepInput {
    /// State after it.
    pub to: String,
    /// Why, without personal data; some steps need it.
    #[serde(default)]
    pub reason: String,
}

/// The true place of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TruePlace {
    /// `[lon, lat]` in degrees, WGS 84.
    pub at: [f64; 2],
}

/// The steps of a case, the first one first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepsTaken {
    /// The steps.
    pub items: Vec<StepTaken>,
}

/// What became of a case so far. The look is in the audit trail.
#[utoipa::path(get, path = "/api/incidents/{id}/steps", operation_id = "list_incident_steps", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = StepsTaken), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn list_incident_steps(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Json<StepsTaken>, Failure> {
    require_cases(&signed.reader)?;
    let number = id("incident", &key)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let row = store::find(&mut transaction, number).await?;
    let items = store::steps(&mut transaction, number).await?;
    let done = Done { action: "incident.steps", target: &key, scope_code: Some(row.scope_code), detail: json!({}), rows: items.len() as i64 };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    Ok(Json(StepsTaken { items }))
}

/// Moves a case to another state, where the table of steps allows it to the reader's role.
#[utoipa::path(post, path = "/api/incidents/{id}/transitions", operation_id = "move_incident", tag = "incidents",
    params(("id" = String, Path), ("If-Match" = String, Header)), request_body = StepInput,
    responses((status = 200, body = Feature<IncidentProperties>, content_type = "application/geo+json"), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn move_incident(
    State(context): State<Context>,
    signed: Signed,
    Path(key): Path<String>,
    IfMatch(expected): IfMatch,
    Body(sent): Body<StepInput>,
) -> Result<Versioned<IncidentProperties>, Failure> {
    require_cases(&signed.reader)?;
    let (key, today) = (id("incident", &key)?, context.clock.today());
    let mut transaction = context.begin(&signed.reader).await?;
    store::hold(&mut transaction, key).await?;
    let mut row = store::find(&mut transaction, key).await?;
    may_change(&signed.reader, &row)?;
    must_match(expected, row.version, || row.feature())?;
    let guard = allowed(&mut transaction, &signed.reader, &row, &sent.to).await?;
    let mut checks = Checks::default();
    checks.text("/reason", &sent.reason, 400);
    if guard.contains("reason") && sent.reason.trim().is_empty() {
        checks.fault("/reason", "missing", "this step needs a reason");
    }
    checks.done()?;
    if sent.to == "dispatched" && row.unit_id.is_none() {
        let message = "the case has no unit; set unit_id before it is dispatched".into();
        return Err(Error::Conflict { rule: "dispatch_needs_unit".into(), message }.into());
    }
    let from = std::mem::replace(&mut row.state, sent.to);
    match row.state.as_str() {
        "closed" => row.closed_on = Some(today),
        "reopened" => row.closed_on = None,
        _ => {}
    }
    // The step is told while the row is still the reader's: returning a case may take it out of sight.
    store::step(&mut transaction, &row, Some(&from), signed.reader.user_id, context.clock.now(), &sent.reason).await?;
    store::update(&mut transaction, &row).await?;
    let row = store::find(&mut transaction, key).await?;
    let target = key.to_string();
    let detail = json!({ "from": from, "to": row.state });
    note(&context, &mut transaction, &signed, Done { action: "incident.move", target: &target, scope_code: Some(row.scope_code), detail, rows: 1 })
        .await?;
    context.commit(transaction).await?;
    Ok(Versioned(row.feature()?, row.version))
}

/// The guard of a step, where one of the reader's roles at the case may make it.
async fn allowed(transaction: &mut Scoped, reader: &Reader, row: &Incident, to: &str) -> Outcome<String> {
    let steps: Vec<(String, String, String)> =
        sqlx::query_as("select to_state, role, guard from incident_transitions where from_state = $1 order by to_state, role")
            .bind(&row.state)
            .fetch_all(transaction.conn())
            .await?;
    let fitting: Vec<_> = steps.iter().filter(|(state, ..)| state == to).collect();
    if fitting.is_empty() {
        let mut next: Vec<&str> = steps.iter().map(|(state, ..)| state.as_str()).collect();
        next.dedup();
        let next = if next.is_empty() { "nothing".into() } else { next.join(", ") };
        return Err(Error::Conflict { rule: "no_such_step".into(), message: format!("after {} comes {next}, not {to}", row.state) });
    }
    let held = |name: &str| Role::from_name(name).is_some_and(|role| holds(reader, role, row));
    let step = fitting.into_iter().find(|(_, role, _)| held(role));
    step.map(|(.., guard)| guard.clone()).ok_or_else(|| Error::Forbidden(format!("your roles do not lead a case from {} to {to}", row.state)))
}

/// Whether the reader has the role at this case: by area, or as its unit.
fn holds(reader: &Reader, role: Role, row: &Incident) -> bool {
    if role == Role::Unit {
        return row.unit_id.is_some_and(|unit| reader.units().contains(&unit));
    }
    reader.grants.iter().any(|grant| grant.role == role && grant.area.range().contains(row.scope_code))
}

/// The true place of an open case, for its handling unit alone; the look is in the audit trail.
#[utoipa::path(get, path = "/api/incidents/{id}/place", operation_id = "open_incident_place", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = TruePlace), (status = 404, body = Problem)))]
async fn open_incident_place(State(context): State<Context>, signed: Signed, Path(key): Path<String>) -> Result<Json<TruePlace>, Failure> {
    require_cases(&signed.reader)?;
    let number = id("incident", &key)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let scope_code = store::find(&mut transaction, number).await?.scope_code;
    let (now, target) = (context.clock.now(), number.to_string());
    // the function inserts the entry, so that no look goes without one; the signature over it is made here, where the key is
    let entry = audit::Entry {
        user_id: Some(signed.reader.user_id),
        account: &signed.reader.account,
        action: "incident.place",
        target: &target,
        area: area_of(scope_code),
        detail: json!({}),
        rows: Some(1),
        request_id: &signed.request_id,
    };
    let place: Option<(f64, f64)> = sqlx::query_as("select lon, lat from app.open_place($1, $2, $3, $4, $5, $6, $7)")
        .bind(number)
        .bind(signed.reader.user_id)
        .bind(&signed.reader.account)
        .bind(now)
        .bind(&signed.request_id)
        .bind(entry.area.map_or(15, |area| area.level().to_i16()))
        .bind(audit::signature(&transaction, now, &entry))
        .fetch_optional(transaction.conn())
        .await
        .map_err(Error::from)?;
    transaction.commit().await?;
    let (lon, lat) = place.ok_or(Error::NotFound { what: "place of incident", id: key })?;
    Ok(Json(TruePlace { at: [lon, lat] }))
}
