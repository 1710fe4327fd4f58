//! Uploads and jobs over HTTP. An upload is spooled to a file and answered at once; the work goes on as a task.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::columns::Mapping;
use super::commit::{Ending, Request};
use super::faults::Lang;
use super::fields::Noun;
use super::reading::Options;
use super::source::{Limits, Source};
use super::work::Worker;
use super::{faults::RowFault, undo};
use crate::codes::AreaCode;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::problem::Failure;
use crate::http::{Path, Query};
use crate::jobs::{self, FaultRow, Job, Progress};
use crate::users::{Right, Signed};

/// The largest upload, packed or not.
const LONGEST_UPLOAD: usize = 1 << 30;
/// The longest field of the form besides the file, bytes.
const LONGEST_FIELD: usize = 1 << 20;
/// Rows of one page.
const PAGE: i64 = 100;

/// The routes of imports and jobs.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Context: FromRef<S>,
{
    let upload = OpenApiRouter::new().routes(routes!(create_import)).layer(DefaultBodyLimit::max(LONGEST_UPLOAD));
    upload.routes(routes!(list_jobs)).routes(routes!(find_job, cancel_job)).routes(routes!(list_faults)).routes(routes!(undo_job))
}

/// The form of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; the fields are read one by one")]
struct Upload {
    /// The file: GeoJSON, lines of GeoJSON or a table, packed with gzip or not. After the other fields.
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// `areas`, `cells`, `households`, `facilities`, `incidents`.
    noun: String,
    /// Datum of the coordinates, where the file does not say it.
    crs: Option<String>,
    /// `field=HEADING,field:=VALUE`.
    columns: Option<String>,
    /// Columns, constants and meanings of values as JSON.
    map: Option<String>,
    /// Headings whose values together tell rows apart, with commas.
    key: Option<String>,
    /// Area for rows that lie in nothing stored.
    under: Option<String>,
    /// Name under which the area of `under` is made where it is not stored.
    make_under: Option<String>,
    /// Name of the source; without it the name of the file.
    source: Option<String>,
    /// `true`: values outside a code list are added to it.
    extend: Option<bool>,
    /// `true`: invalid polygons are repaired.
    repair: Option<bool>,
    /// `true`: rows of the source that the file no longer has are ended.
    replace_source: Option<bool>,
    /// `true`: rows without faults are stored although others have some.
    skip_faulty: Option<bool>,
    /// `true`: everything is tried and nothing stored.
    dry_run: Option<bool>,
}

/// A job that was begun or asked about.
#[derive(Debug, Serialize, ToSchema)]
struct Begun {
    /// Its id; `GET /api/jobs/{id}` says how far it is.
    job: String,
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
struct Jobs {
    /// Newest first.
    items: Vec<Job>,
    /// What to give as `before` for the next page; null at the end.
    next: Option<String>,
}

/// A page of faults.
#[derive(Debug, Serialize, ToSchema)]
struct Faults {
    /// In the order of finding.
    items: Vec<FaultRow>,
    /// What to give as `after` for the next page; null at the end.
    next: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Before {
    /// Id of the last job seen.
    before: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct After {
    /// Id of the last fault seen.
    after: Option<i64>,
}

/// Import a file. The answer comes when the file is here; the work is a job.
#[utoipa::path(post, path = "/api/imports", tag = "imports", request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 202, body = Begun), (status = 413, body = crate::http::Problem), (status = 422, body = crate::http::Problem)))]
async fn create_import(
    State(context): State<Context>,
    signed: Signed,
    headers: HeaderMap,
    form: Multipart,
) -> Result<(StatusCode, Json<Begun>), Failure> {
    signed.reader.require(Right::Imports)?;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LONGEST_UPLOAD as u64) {
        return Err(too_large().into());
    }
    let (file, name, request) = read_form(form, &context).await?;
    let source = Source::spooled(&file, name, Limits::default()).map_err(Error::internal("open the upload"))?;
    let worker = Worker { db: context.db.clone(), reader: Arc::clone(&signed.reader), clock: context.clock };
    let id = worker.begin(&source, &request).await?;
    let job = id.clone();
    tokio::spawn(async move {
        if let Err(error) = Box::pin(work(&worker, &context, &job, source, request)).await {
            tracing::warn!(%error, job, "an import failed");
        }
        // Kept until here: the file is gone with it.
        drop(file);
    });
    Ok((StatusCode::ACCEPTED, Json(Begun { job: id })))
}

/// The job is called done when the map of this process shows it.
async fn work(worker: &Worker, context: &Context, job: &str, source: Source, request: Request) -> Result<()> {
    let outcome = Box::pin(worker.run(job, source, request, Arc::new(Progress::default()))).await?;
    if outcome.ending == Ending::Committed {
        if let Err(error) = context.model.wait_fresh().await {
            tracing::warn!(%error, job, "stored, but the map does not show it yet");
        }
        worker.finish(job, &outcome).await?;
    }
    Ok(())
}

/// Jobs, newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "imports", params(Before), responses((status = 200, body = Jobs)))]
async fn list_jobs(State(context): State<Context>, signed: Signed, Query(page): Query<Before>) -> Result<Json<Jobs>, Failure> {
    signed.reader.require(Right::Imports)?;
    let mut scoped = context.begin(&signed.reader).await?;
    jobs::sweep(&mut scoped, context.clock.now()).await?;
    let items = jobs::list(&mut scoped, page.before.as_deref(), PAGE).await?;
    scoped.commit().await?;
    let next = items.last().filter(|_| items.len() as i64 == PAGE).map(|job| job.id.clone());
    Ok(Json(Jobs { items, next }))
}

/// One job: how far it is, how it ended.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "imports", params(("id" = String, Path, description = "Id of the job")),
    responses((status = 200, body = Job), (status = 404, body = crate::http::Problem)))]
async fn find_job(State(context): State<Context>, signed: Signed, Path(id): Path<String>) -> Result<Json<Job>, Failure> {
    signed.reader.require(Right::Imports)?;
    let mut scoped = context.begin(&signed.reader).await?;
    Ok(Json(jobs::get(&mut scoped, &id).await?))
}

/// What an import found wrong, the first thousand.
#[utoipa::path(get, path = "/api/jobs/{id}/faults", tag = "imports", params(("id" = String, Path, description = "Id of the job"), After),
    responses((status = 200, body = Faults), (status = 404, body = crate::http::Problem)))]
async fn list_faults(
    State(context): State<Context>,
    signed: Signed,
    Path(id): Path<String>,
    Query(page): Query<After>,
) -> Result<Json<Faults>, Failure> {
    signed.reader.require(Right::Imports)?;
    let mut scoped = context.begin(&signed.reader).await?;
    jobs::get(&mut scoped, &id).await?;
    let items = jobs::faults(&mut scoped, &id, page.after.unwrap_or(0), PAGE).await?;
    let next = items.last().filter(|_| items.len() as i64 == PAGE).map(|fault| fault.id);
    Ok(Json(Faults { items, next }))
}

/// Ask a job to stop. What it has not committed is not stored.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "imports", params(("id" = String, Path, description = "Id of the job")),
    responses((status = 202, body = Job), (status = 404, body = crate::http::Problem)))]
async fn cancel_job(State(context): State<Context>, signed: Signed, Path(id): Path<String>) -> Result<(StatusCode, Json<Job>), Failure> {
    signed.reader.require(Right::Imports)?;
    let mut scoped = context.begin(&signed.reader).await?;
    let job = jobs::cancel(&mut scoped, &id).await?;
    scoped.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Take an import back, while nothing was built on it.
#[utoipa::path(post, path = "/api/jobs/{id}/undo", tag = "imports", params(("id" = String, Path, description = "Id of the import")),
    responses((status = 200, body = Begun), (status = 409, body = crate::http::Problem)))]
async fn undo_job(State(context): State<Context>, signed: Signed, Path(id): Path<String>) -> Result<Json<Begun>, Failure> {
    signed.reader.require(Right::Imports)?;
    let (by, _, written) = undo::undo(&context.db, &signed.reader, context.clock, &id).await?;
    if written.xid.is_some() {
        context.model.wait_fresh().await?;
    }
    Ok(Json(Begun { job: by }))
}

fn too_large() -> Error {
    Error::TooLarge {
        limit: format!("{} MiB an upload; cut the file into parts, pack it with gzip, or use the command: maplebridge import", LONGEST_UPLOAD >> 20),
    }
}

/// A form that is too long is another thing than one that cannot be read.
fn unreadable(error: &MultipartError) -> Failure {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large().into() } else { Failure::bad_request("", "unreadable_form", error.body_text()) }
}

/// The text of a field, which is held in memory and therefore short.
async fn short(mut field: Field<'_>) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        if bytes.len() + chunk.len() > LONGEST_FIELD {
            let name = field.name().unwrap_or_default().to_owned();
            return Err(Error::invalid(name, "too_long", "a field other than the file has at most 1 MiB").into());
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Failure::bad_request("", "unreadable_form", "a field is not UTF-8"))
}

/// A file that is deleted when nobody holds it any more.
type Spooled = tempfile::TempPath;

/// Reads the form; the file goes to disk as it comes.
async fn read_form(mut form: Multipart, context: &Context) -> Result<(Spooled, String, Request), Failure> {
    let mut file: Option<(Spooled, String)> = None;
    let mut noun = None;
    let mut source = None;
    let mut request = Request {
        noun: Noun::Areas,
        source: String::new(),
        crs: None,
        mapping: Mapping::default(),
        options: Options { zone: context.clock.zone, ..Options::default() },
        make_under: None,
        replace: false,
        skip_faulty: false,
        dry_run: false,
        lang: Lang::Zh,
    };
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            file = Some(spool(field).await?);
            continue;
        }
        let value = short(field).await?;
        let flag = || match value.trim() {
            "true" | "1" | "on" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err(Error::invalid(name.clone(), "not_a_flag", "write true or false")),
        };
        match name.as_str() {
            "noun" => noun = Noun::parse(value.trim()),
            "source" => source = Some(value.trim().to_owned()).filter(|text| !text.is_empty()),
            "crs" => request.crs = Some(value.trim().to_owned()).filter(|text| !text.is_empty()),
            "columns" => request.mapping.add_columns(&value),
            "map" => request.mapping = Mapping::from_json(value.as_bytes()).map_err(|fault| told("map", &fault))?,
            "key" => request.options.key = value.split(',').map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).collect(),
            "under" => request.options.under = under(&value)?,
            "make_under" => request.make_under = Some(value.trim().to_owned()).filter(|text| !text.is_empty()),
            "extend" => request.options.extend = flag()?,
            "repair" => request.options.repair = flag()?,
            "replace_source" => request.replace = flag()?,
            "skip_faulty" => request.skip_faulty = flag()?,
            "dry_run" => request.dry_run = flag()?,
            _ => return Err(Error::invalid(name, "unknown_field", "the form has no such field").into()),
        }
    }
    let (path, name) = file.ok_or_else(|| Error::invalid("file", "missing", "the form has no file"))?;
    request.noun = noun.ok_or_else(|| Error::invalid("noun", "missing", "say what the rows are: areas, cells, households, facilities, incidents"))?;
    request.source = source.unwrap_or_else(|| name.clone());
    Ok((path, name, request))
}

fn under(value: &str) -> Result<Option<AreaCode>> {
    let text = value.trim();
    if text.is_empty() {
        return Ok(None);
    }
    AreaCode::parse(text).map(Some).map_err(|error| Error::invalid("under", "no_area_code", error.to_string()))
}

fn told(field: &str, fault: &RowFault) -> Error {
    Error::invalid(field, fault.code.name(), format!("{}; {}", fault.reason(Lang::En), fault.cure(Lang::En)))
}

/// Writes the file to disk as it comes; its name is only ever shown.
async fn spool(mut field: Field<'_>) -> Result<(Spooled, String), Failure> {
    let name: String = field.file_name().unwrap_or("upload").chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).take(120).collect();
    let made = tokio::task::spawn_blocking(tempfile::NamedTempFile::new).await.map_err(Error::internal("spool the upload"))?;
    let path: Spooled = made.map_err(Error::internal("spool the upload"))?.into_temp_path();
    let place: PathBuf = path.to_path_buf();
    let mut to = tokio::fs::File::create(&place).await.map_err(Error::internal("spool the upload"))?;
    while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
        to.write_all(&chunk).await.map_err(Error::internal("spool the upload"))?;
    }
    to.flush().await.map_err(Error::internal("spool the upload"))?;
    Ok((path, name))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    async fn take(mut form: Multipart) -> Result<StatusCode, Failure> {
        while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
            if field.name() == Some("file") { drop(spool(field).await?) } else { drop(short(field).await?) }
        }
        Ok(StatusCode::NO_CONTENT)
    }

    async fn sent(name: &str, length: usize, limit: usize) -> StatusCode {
        let routes = axum::Router::<()>::new().route("/", post(take)).layer(DefaultBodyLimit::max(limit)).layer(DefaultBodyLimit::max(10));
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.csv\"\r\n\r\n");
        let body = [head.as_bytes(), &vec![b'1'; length], b"\r\n--x--\r\n"].concat();
        // in pieces, so that no length is announced
        let pieces = body.chunks(4096).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
        let request = Request::post("/").header("content-type", "multipart/form-data; boundary=x");
        let request = request.body(Body::from_stream(futures::stream::iter(pieces))).expect("a request");
        routes.oneshot(request).await.expect("no service fails").status()
    }

    #[tokio::test]
    async fn a_form_over_the_limit_of_uploads_is_413_and_one_over_the_limit_of_others_is_taken() {
        assert_eq!(sent("file", 100_000, 200_000).await, StatusCode::NO_CONTENT);
        assert_eq!(sent("file", 300_000, 200_000).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(sent("columns", LONGEST_FIELD + 1, 1 << 30).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(sent("columns", 1000, 1 << 30).await, StatusCode::NO_CONTENT);
    }
}
