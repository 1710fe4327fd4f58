//! How the system stands, for its administrator; and the note of a list that leaves the page as a file.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::{Body, Problem};
use crate::rows::{Checks, Done, note};
use crate::users::{Right, Signed};

/// How the system stands.
#[derive(Debug, Serialize, ToSchema)]
struct SystemState {
    /// Version of the program.
    version: &'static str,
    /// Version of the database.
    database_version: String,
    /// Bytes of the database on disk, like all sizes here rounded up to 16 MiB: finer, they would tell of single cases.
    database_bytes: u64,
    /// Now, by the server's clock.
    now: DateTime<Utc>,
    /// Instant for which the map was last known to equal the database.
    data_at: DateTime<Utc>,
    /// Whether the change feed is connected.
    feed_connected: bool,
    /// Bytes that the map's data take in memory.
    read_model_bytes: u64,
    /// Pages that follow changes at the moment.
    streams: u64,
    /// Audit entries that wait for a seal; null where another process seals.
    audit_waiting: Option<u64>,
    /// Jobs at work.
    jobs_running: i64,
}

/// A list that leaves the page as a file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExportNote {
    /// What the rows are.
    noun: ExportNoun,
    /// How many rows.
    rows: u32,
    /// The filters in force, without personal data.
    #[serde(default)]
    filter: String,
}

/// What can leave as a file; of cases the table without any place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportNoun {
    Cells,
    Households,
    Facilities,
    Incidents,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(find_system)).routes(routes!(note_export))
}

/// Rounded up to 16 MiB.
const fn coarse(bytes: u64) -> u64 {
    bytes.next_multiple_of(16 << 20)
}

/// How the system stands
#[utoipa::path(get, path = "/api/system", operation_id = "find_system", tag = "lists",
    responses((status = 200, body = SystemState), (status = 403, body = Problem)))]
async fn find_system(State(app): State<App>, signed: Signed) -> Result<Json<SystemState>> {
    signed.reader.require(Right::Settings)?;
    let mut transaction = app.context.begin(&signed.reader).await?;
    let (database_version, database_bytes): (String, i64) =
        sqlx::query_as("select current_setting('server_version'), pg_database_size(current_database())").fetch_one(transaction.conn()).await?;
    let jobs_running: i64 =
        sqlx::query_scalar("select count(*) from jobs where state in ('waiting', 'running')").fetch_one(transaction.conn()).await?;
    let model = &app.context.model;
    Ok(Json(SystemState {
        version: env!("CARGO_PKG_VERSION"),
        database_version,
        database_bytes: coarse(database_bytes.unsigned_abs()),
        now: app.context.clock.now(),
        data_at: model.data_at(),
        feed_connected: model.connected(),
        read_model_bytes: coarse(model.bytes().into_iter().map(|(_, bytes)| bytes as u64).sum()),
        streams: app.events.count() as u64,
        audit_waiting: app.sealer.as_ref().map(|sealer| sealer.waiting()),
        jobs_running,
    }))
}

/// Note an export
///
/// The rows came by the lists and were cut to the reader there; this puts into the audit trail that they leave as a file.
#[utoipa::path(post, path = "/api/exports", operation_id = "note_export", tag = "audit", request_body = ExportNote,
    responses((status = 204), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn note_export(State(context): State<Context>, signed: Signed, Body(sent): Body<ExportNote>) -> Result<StatusCode> {
    match sent.noun {
        ExportNoun::Cells | ExportNoun::Facilities => signed.reader.require(Right::Map)?,
        ExportNoun::Households => signed.reader.require(Right::Households)?,
        ExportNoun::Incidents if signed.reader.units().is_empty() => signed.reader.require(Right::Cases)?,
        ExportNoun::Incidents => {}
    }
    let mut checks = Checks::default();
    checks.text("/filter", &sent.filter, 1_000);
    checks.done()?;
    let target = serde_json::to_value(sent.noun).map_err(Error::internal("name an export"))?;
    let mut transaction = context.begin(&signed.reader).await?;
    let done = Done {
        action: "export",
        target: target.as_str().unwrap_or_default(),
        scope_code: None,
        detail: json!({ "by": "page", "filter": sent.filter }),
        rows: sent.rows.into(),
    };
    note(&context, &mut transaction, &signed, done).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
