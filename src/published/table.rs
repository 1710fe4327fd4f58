//! `/api/published` and `/api/publications`: the entries themselves, what was published when, and publishing by hand.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Month;
use super::counts::level;
use super::publish::Wanted;
use super::store::{self, Narrowed, Stored};
use super::work::Worker;
use crate::codes::{AreaCode, Level};
use crate::context::Context;
use crate::db::{Cursor, Page, PageLimit};
use crate::error::{Error, Result as Outcome};
use crate::http::geojson::PageInfo;
use crate::http::problem::Failure;
use crate::http::{Body, Problem, Query};
use crate::privacy::{Standing, told};
use crate::read_model::MonthNumber;
use crate::rows::within;
use crate::users::{Right, Signed};

pub(super) fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().routes(routes!(list_published)).routes(routes!(list_publications, create_publication))
}

/// An entry of the published cube.
#[derive(Debug, Serialize, ToSchema)]
struct PublishedEntry {
    /// Code of the township, village or cell.
    code: String,
    /// Digits of the code: 9, 12 or 15.
    level: i16,
    /// `2026-10`.
    month: String,
    /// Group of kinds; `ordinary`: all groups without a sensitive kind.
    group: String,
    /// The number; null where it is withheld.
    count: Option<i32>,
    /// Numbers below this are withheld, and others that would give one of those away.
    threshold: i32,
}

/// A page of entries. An entry of a published month that is in no page is withheld.
#[derive(Debug, Serialize, ToSchema)]
struct PublishedPage {
    items: Vec<PublishedEntry>,
    page: PageInfo,
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublishedQuery {
    /// Code of an area or a cell.
    within: Option<String>,
    /// `township`, `village` or `cell`.
    level: Option<String>,
    /// Group of kinds, or `ordinary`.
    group: Option<String>,
    /// A day; its month is the first.
    from: Option<NaiveDate>,
    /// A day; its month is the last.
    to: Option<NaiveDate>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins: `page.next` of the page before.
    cursor: Option<String>,
}

/// What was published: one entry a place, month and group of kinds, in the order of publication.
#[utoipa::path(get, path = "/api/published", operation_id = "list_published", tag = "published", params(PublishedQuery),
    responses((status = 200, body = PublishedPage), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn list_published(State(context): State<Context>, signed: Signed, Query(query): Query<PublishedQuery>) -> Result<Json<PublishedPage>, Failure> {
    let reader = &signed.reader;
    reader.require(Right::Published)?;
    let limit = PageLimit::parse(query.limit)?;
    let narrowed = Narrowed {
        within: within(query.within.as_deref())?,
        level: query.level.as_deref().map(level).transpose()?,
        group: query.group,
        from: query.from.map(|day| Month::of(day).first_day()),
        to: query.to.map(|day| Month::of(day).first_day()),
        staff: reader.staff_areas().ranges().to_vec(),
        after: Cursor::parse(query.cursor.as_deref())?.0,
        most: limit.fetch(),
    };
    let mut transaction = context.begin(reader).await?;
    let known = store::known(&mut transaction, &reader.units()).await?;
    let page = Page::cut(store::list(&mut transaction, &narrowed).await?, limit, |row| row.id);
    let standing = reader.standing();
    let items = page.rows.into_iter().filter_map(|row| row.shown_to(&standing, &known)).collect();
    Ok(Json(PublishedPage { items, page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}

impl Stored {
    /// The entry as a reader is told it; withheld where a part of its area, or a case in it, is told them otherwise.
    fn shown_to(self, standing: &Standing, known: &[(i64, MonthNumber)]) -> Option<PublishedEntry> {
        let area = Level::from_i16(self.level).and_then(|level| AreaCode::from_parts(self.area_lo, level))?;
        let month = Month::of(self.month_on);
        let is_known = known.iter().any(|&(place, of)| of == month.number() && area.range().contains(place));
        let is_told = told(standing, area).is_some() && !is_known;
        Some(PublishedEntry {
            code: area.to_string(),
            level: self.level,
            month: month.to_string(),
            group: self.category_group,
            count: self.incident_count.filter(|_| is_told),
            threshold: self.threshold,
        })
    }
}

/// A township and month that were published.
#[derive(Debug, Serialize, ToSchema)]
struct PublicationView {
    /// Code of the township.
    township: String,
    /// `2026-10`.
    month: String,
    /// When it was published; it has not changed since.
    published_at: DateTime<Utc>,
}

/// A page of publications.
#[derive(Debug, Serialize, ToSchema)]
struct PublicationPage {
    items: Vec<PublicationView>,
    page: PageInfo,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublicationsQuery {
    /// Code of an area.
    within: Option<String>,
    /// 1 to 1,000; 100 unless given.
    limit: Option<u32>,
    /// Where the page begins.
    cursor: Option<String>,
}

/// Which months of which townships are published, and since when.
#[utoipa::path(get, path = "/api/publications", operation_id = "list_publications", tag = "published", params(PublicationsQuery),
    responses((status = 200, body = PublicationPage), (status = 403, body = Problem)))]
async fn list_publications(
    State(context): State<Context>,
    signed: Signed,
    Query(query): Query<PublicationsQuery>,
) -> Result<Json<PublicationPage>, Failure> {
    if !signed.reader.has(Right::Publish) {
        signed.reader.require(Right::Published)?;
    }
    let limit = PageLimit::parse(query.limit)?;
    let mut transaction = context.begin(&signed.reader).await?;
    let after = Cursor::parse(query.cursor.as_deref())?.0;
    let rows = store::publications(&mut transaction, within(query.within.as_deref())?, after, limit.fetch()).await?;
    let page = Page::cut(rows, limit, |row| row.id);
    let view = |row: store::Remembered| PublicationView {
        township: AreaCode::from_parts(row.township_lo, Level::Township).map(|code| code.to_string()).unwrap_or_default(),
        month: Month::of(row.month_on).to_string(),
        published_at: row.published_at,
    };
    Ok(Json(PublicationPage { items: page.rows.into_iter().map(view).collect(), page: PageInfo { next: page.next.map(Cursor::to_text) } }))
}

/// What is to be published.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PublicationInput {
    /// `2026-10`; without it every month that has ended and was not published.
    month: Option<String>,
    /// Code of an area; without it everywhere one may publish.
    within: Option<String>,
}

/// A job that was begun.
#[derive(Debug, Serialize, ToSchema)]
struct PublicationBegun {
    /// Its id; `GET /api/jobs/{id}` says how far it is.
    job: String,
}

/// Publish months that have ended. What is published is frozen: cases registered later do not change it. The work is a job.
#[utoipa::path(post, path = "/api/publications", operation_id = "create_publication", tag = "published", request_body = PublicationInput,
    responses((status = 202, body = PublicationBegun), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create_publication(
    State(context): State<Context>,
    signed: Signed,
    Body(sent): Body<PublicationInput>,
) -> Result<(StatusCode, Json<PublicationBegun>), Failure> {
    signed.reader.require(Right::Publish)?;
    let wanted = asked(&sent, context.clock.today())?;
    let worker = Worker { db: context.db.clone(), reader: std::sync::Arc::clone(&signed.reader), clock: context.clock };
    let id = worker.begin(wanted).await?;
    let (job, request_id) = (id.clone(), signed.request_id.clone());
    tokio::spawn(async move {
        let outcome = async {
            let done = worker.work(&job, wanted, &request_id).await?;
            if let Err(error) = context.model.wait_fresh_within(std::time::Duration::from_secs(60)).await {
                tracing::warn!(%error, job, "published, but the map does not show it yet");
            }
            worker.finish(&job, done).await
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, job, "a publication did not end well");
        }
    });
    Ok((StatusCode::ACCEPTED, Json(PublicationBegun { job: id })))
}

fn asked(sent: &PublicationInput, today: NaiveDate) -> Outcome<Wanted> {
    let month = sent.month.as_deref().map(|text| Month::parse("/month", text)).transpose()?;
    if let Some(month) = month.filter(|month| !month.has_ended(today)) {
        let message = format!("{month} has not ended; numbers are published once, after the end of their month");
        return Err(Error::Conflict { rule: "month_not_ended".into(), message });
    }
    let within = match sent.within.as_deref() {
        Some(text) => AreaCode::parse(text).map_err(|error| Error::invalid("/within", "not_a_code", error.to_string()))?.range(),
        None => Wanted::everything().within,
    };
    Ok(Wanted { month, within, ..Wanted::everything() })
}
