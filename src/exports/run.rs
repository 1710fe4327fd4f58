//! One export from the transaction to the file: rows are read on the server's threads and written on one of their own.

use std::path::Path;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::heat;
use super::rows::{self, Filters, Told};
use super::what::{ORIGIN_KEY, What};
use super::{Format, Headings, Table, begin};
use crate::audit::{self, Entry};
use crate::codes::{AreaCode, CodeRange};
use crate::db::Scoped;
use crate::error::{Error, Result};
use crate::published::Telling;
use crate::users::{Reader, Right};

/// Rows that are on their way to the writer.
const ON_THE_WAY: usize = 512;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What.
    pub what: What,
    /// In which format.
    pub format: Format,
    /// The language of the headings; `None`: Chinese in workbooks, English elsewhere.
    pub headings: Option<Headings>,
    /// Which rows.
    pub filters: Filters,
}

/// Refuses what the reader may not export, with the rights of the screens.
pub fn allowed(reader: &Reader, asked: &Asked) -> Result<()> {
    match asked.what {
        What::Heat if reader.has(Right::Cases) => {}
        What::Heat | What::Published => reader.require(Right::Published)?,
        What::Households => reader.require(Right::Households)?,
        What::Incidents if reader.units().is_empty() => reader.require(Right::Cases)?,
        What::Incidents => {}
        _ => reader.require(Right::Map)?,
    }
    if asked.what == What::Incidents && !asked.format.is_table() {
        let message = "no file of incident points leaves the system; cases leave as a list without places: give csv or xlsx, or take heat for bands of density · 不导出案件点位；案件只能导出为不带位置的清单：请用 csv 或 xlsx，密度分级面请导出 heat";
        return Err(Error::invalid("format", "list_only", message));
    }
    Ok(())
}

/// Writes the file; returns how many rows it has. The transaction is left open, for the audit entry.
pub async fn export(
    transaction: &mut Scoped,
    reader: &Reader,
    asked: Asked,
    path: &Path,
    households_in: impl Fn(CodeRange) -> Option<u64> + Send,
) -> Result<i64> {
    allowed(reader, &asked)?;
    let with_keys = reader.has(Right::Imports) && asked.what.has_keys();
    let mut columns = asked.what.columns().to_vec();
    columns.extend(with_keys.then_some(ORIGIN_KEY));
    let headings = asked.headings.unwrap_or(if asked.format == Format::Xlsx { Headings::Zh } else { Headings::En });
    let table = Table { what: asked.what, columns, headings };
    transaction.without_time_limit().await?;
    let telling = Telling::of(transaction, reader).await?;
    let (to, mut from) = tokio::sync::mpsc::channel(ON_THE_WAY);
    let (path, format) = (path.to_owned(), asked.format);
    let writing = tokio::task::spawn_blocking(move || {
        let mut writer = begin(format, &path, table)?;
        let mut count = 0;
        while let Some(row) = from.blocking_recv() {
            match row {
                Some(row) => writer.row(&row)?,
                // Only an end that is told is one; a reader that went away leaves nothing whole behind.
                None => return writer.finish().map(|()| count),
            }
            count += 1;
        }
        Err(Error::internal("write the export")("the rows broke off"))
    });
    let mut rows = if asked.what == What::Heat {
        stream::iter(heat::rows(transaction, reader, &asked.filters, &telling).await?.into_iter().map(Ok)).boxed()
    } else {
        rows::read(transaction, asked.what, asked.filters, Told { with_keys, households_in, telling })
    };
    let mut failed = None;
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => {
                // A writer that has gone says why itself.
                if to.send(Some(row)).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    drop(rows);
    if failed.is_none() {
        let _ = to.send(None).await;
    }
    drop(to);
    let written = writing.await.map_err(Error::internal("write the export"))?;
    match failed {
        Some(error) => Err(error),
        None => written,
    }
}

/// The audit entry of an export, in its transaction.
pub async fn note(
    transaction: &mut Scoped,
    now: DateTime<Utc>,
    reader: &Reader,
    asked: &Asked,
    rows: i64,
    by: &Value,
    request_id: &str,
) -> Result<()> {
    let filters = &asked.filters;
    let area = filters.range.and_then(|range| crate::rows::area_of(range.lo).filter(|area: &AreaCode| area.range() == range));
    let entry = Entry {
        user_id: Some(reader.user_id),
        account: &reader.account,
        action: "export",
        target: asked.what.name(),
        area,
        detail: json!({
            "by": by, "format": asked.format.ending(), "day": filters.day, "bbox": filters.frame, "q": filters.sought, "kind": filters.kind,
            "source": filters.source, "state": filters.state, "from": filters.from, "to": filters.to, "level": filters.level,
            "group": filters.group, "bandwidth_m": filters.bandwidth_m,
        }),
        rows: Some(rows),
        request_id,
    };
    audit::record(transaction, now, &entry).await
}
