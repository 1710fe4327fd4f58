//! `GET /api/exports/{what}`: a layer or list as a file.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::rows::Filters;
use super::run::{Asked, allowed, export, note};
use super::what::What;
use super::{Format, Headings};
use crate::codes::{CodeRange, Scope};
use crate::context::Context;
use crate::error::{Error, Result as Outcome};
use crate::http::problem::Failure;
use crate::http::{Path, Problem, Query};
use crate::rows::{bbox, split, within};
use crate::users::{Right, Signed};

/// Exports at work at once in this process; a third waits.
static AT_WORK: Semaphore = Semaphore::const_new(2);

/// The routes of exports.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(export_file))
}

/// What is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The format; cases have `csv` and `xlsx` only.
    #[param(inline)]
    pub format: Format,
    /// Language of the headings; without it Chinese in workbooks and English elsewhere.
    #[param(inline)]
    pub headings: Option<Headings>,
    /// Code of an area or a cell.
    pub within: Option<String>,
    /// `west,south,east,north` in degrees; not of cases.
    pub bbox: Option<String>,
    /// The day whose rows are wanted; today unless given. Of cells, households and facilities.
    pub as_of: Option<NaiveDate>,
    /// A part of a name, or the beginning of a code; of areas, cells and their labels.
    pub q: Option<String>,
    /// Kinds of facilities, with commas between.
    pub kind: Option<String>,
    /// Categories of cases and heat, with commas between.
    pub category: Option<String>,
    /// Sources of cases and heat, with commas between.
    pub source: Option<String>,
    /// States of cases and heat, with commas between.
    pub state: Option<String>,
    /// Group of kinds of published numbers, and of heat made of them.
    pub group: Option<String>,
    /// `township`, `village` or `cell`: level of published numbers.
    pub level: Option<String>,
    /// First day on which a case happened; of published numbers its month.
    pub from: Option<NaiveDate>,
    /// Last day on which a case happened; of published numbers its month.
    pub to: Option<NaiveDate>,
    /// Metres at which an incident is felt no more, 200 to 5,000, 800 unless given; of heat, with case rights.
    pub bandwidth_m: Option<f64>,
}

impl ExportQuery {
    /// Refuses filters that the thing does not have, rather than pass over them and export too much.
    pub fn read(self, what: What, today: NaiveDate) -> Outcome<Asked> {
        let is = |these: &[What]| these.contains(&what);
        let foreign = [
            ("bbox", self.bbox.is_some() && is(&[What::Incidents])),
            ("within", self.within.is_some() && what.is_base()),
            ("as_of", self.as_of.is_some() && !is(&[What::Cells, What::CellLabels, What::Households, What::Facilities])),
            ("q", self.q.is_some() && !is(&[What::Areas, What::Cells, What::AreaLabels, What::CellLabels])),
            ("kind", self.kind.is_some() && !is(&[What::Facilities])),
            ("category", self.category.is_some() && !is(&[What::Incidents, What::Heat])),
            ("source", self.source.is_some() && !is(&[What::Incidents, What::Heat])),
            ("state", self.state.is_some() && !is(&[What::Incidents, What::Heat])),
            ("from", self.from.is_some() && !is(&[What::Incidents, What::Heat, What::Published])),
            ("to", self.to.is_some() && !is(&[What::Incidents, What::Heat, What::Published])),
            ("group", self.group.is_some() && !is(&[What::Heat, What::Published])),
            ("bandwidth_m", self.bandwidth_m.is_some() && !is(&[What::Heat])),
            ("level", self.level.is_some() && !is(&[What::Published])),
        ];
        if let Some((name, _)) = foreign.iter().find(|(_, wrong)| *wrong) {
            return Err(Error::invalid(*name, "not_a_filter", format!("{} are not filtered by this", what.name())));
        }
        if self.bandwidth_m.is_some_and(|metres| !(200.0..=5_000.0).contains(&metres)) {
            return Err(Error::invalid("bandwidth_m", "out_of_range", "bandwidth_m is not between 200 and 5000"));
        }
        let filters = Filters {
            day: self.as_of.unwrap_or(today),
            range: self.within.as_deref().map(|code| within(Some(code))).transpose()?,
            frame: bbox(self.bbox.as_deref())?,
            sought: self.q.filter(|q| !q.trim().is_empty()),
            kind: match what {
                What::Incidents | What::Heat => split(self.category.as_deref()),
                What::Published => self.group.clone().map(|group| vec![group]),
                _ => split(self.kind.as_deref()),
            },
            source: split(self.source.as_deref()),
            state: split(self.state.as_deref()),
            level: self.level.as_deref().map(crate::published::level).transpose()?,
            group: self.group.filter(|_| what == What::Heat),
            bandwidth_m: self.bandwidth_m,
            from: self.from,
            to: self.to,
        };
        Ok(Asked { what, format: self.format, headings: self.headings, filters })
    }
}

/// A layer or list as a file, cut to what the reader sees. The export is in the audit trail.
#[utoipa::path(get, path = "/api/exports/{what}", operation_id = "export_file", tag = "exports", params(("what" = inline(What), Path, description = "What is exported"), ExportQuery),
    responses((status = 200, description = "The file, in the format asked for", content(
            (Object = "application/geo+json"), (String = "text/csv"),
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "application/zip"),
            (String = "application/geopackage+sqlite3"), (String = "application/octet-stream"))), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn export_file(
    State(context): State<Context>,
    signed: Signed,
    Path(what): Path<What>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Failure> {
    let reader = Arc::clone(&signed.reader);
    let asked = query.read(what, context.clock.today())?;
    allowed(&reader, &asked)?;
    let _turn = AT_WORK.acquire().await.map_err(Error::internal("wait for other exports"))?;
    let file = tokio::task::spawn_blocking(tempfile::NamedTempFile::new).await.map_err(Error::internal("make the file"))?;
    let path = file.map_err(Error::internal("make the file"))?.into_temp_path();
    let (ground, scope): (_, Scope) = (context.ground(), reader.scope(Right::Map));
    let households_in = move |range: CodeRange| Some(ground.tallies.within_scope(range, &scope).household_count);
    let mut transaction = context.begin(&reader).await?;
    let rows = export(&mut transaction, &reader, asked.clone(), &path, households_in).await?;
    note(&mut transaction, context.clock.now(), &reader, &asked, rows, &serde_json::json!("page"), &signed.request_id).await?;
    transaction.commit().await?;
    answer(&asked, &path, rows, context.clock.today()).await
}

/// The file as an answer. It is open before its name goes, so it may go at once.
async fn answer(asked: &Asked, path: &std::path::Path, rows: i64, today: NaiveDate) -> Result<Response, Failure> {
    let file = tokio::fs::File::open(path).await.map_err(Error::internal("read the export"))?;
    let bytes = file.metadata().await.map_err(Error::internal("read the export"))?.len();
    let name = format!("{}-{today}.{}", asked.what.name(), asked.format.ending());
    let heads = [
        (header::CONTENT_TYPE, asked.format.media_type().to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::HeaderName::from_static("x-maplebridge-rows"), rows.to_string()),
    ];
    Ok((StatusCode::OK, heads, Body::from_stream(ReaderStream::new(file))).into_response())
}
