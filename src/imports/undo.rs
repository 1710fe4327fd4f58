//! Taking back an import while nothing was built on it.
//!
//! What the job inserted is deleted; versions it began are taken away and those before them opened again. Where something
//! leans on those rows, or rows were changed where they stood, it is refused and said why.

use serde_json::json;

use crate::audit::{self, Entry};
use crate::context::Clock;
use crate::db::{Db, Scoped, Written};
use crate::error::{Error, Result};
use crate::jobs::{self, New, State};
use crate::users::Reader;

/// Undoes a job; returns the id of the job that did it, the rows taken back, and the commit.
pub async fn undo(db: &Db, reader: &Reader, clock: Clock, id: &str) -> Result<(String, u64, Written)> {
    let mut scoped = db.scoped(&reader.scopes()).await?;
    scoped.without_time_limit().await?;
    let job = jobs::get(&mut scoped, id).await?;
    let noun = job.noun.clone().unwrap_or_default();
    let refuse = |rule: &str, message: String| Error::Conflict { rule: rule.into(), message };
    if job.kind != "import" || job.state != "done" {
        return Err(refuse("undo_not_done", format!("only an import that is done can be undone; job {id} is {} and {}", job.kind, job.state)));
    }
    if let Some(by) = &job.undone_by {
        return Err(refuse("undo_already", format!("the import {id} was undone by {by} already")));
    }
    let number = |name: &str| job.report.as_ref().and_then(|report| report.pointer(&format!("/merged/{name}"))?.as_i64()).unwrap_or(0);
    if number("overwritten") + number("retired") > 0 {
        let message = format!(
            "the import {id} changed {} rows where they stood and ended {}; only inserted rows and new versions can be taken back. \
             Import the former file again instead",
            number("overwritten"),
            number("retired")
        );
        return Err(refuse("undo_overwritten", message));
    }
    let sql = "select what, found, jobs from app.built_on($1) where found > 0";
    let built: Vec<(String, i64, Option<String>)> = sqlx::query_as(sql).bind(id).fetch_all(scoped.conn()).await?;
    if !built.is_empty() {
        let built: Vec<String> = built.iter().map(|(what, found, jobs)| leaning(what, *found, jobs.as_deref())).collect();
        return Err(refuse("undo_in_use", format!("the import {id} cannot be undone: {}", built.join("; "))));
    }
    let by = ulid::Ulid::from_datetime(clock.now().into()).to_string();
    let scope_code: i64 = sqlx::query_scalar("select scope_code from jobs where id = $1").bind(id).fetch_one(scoped.conn()).await?;
    let new = New { id: &by, kind: "undo", noun: Some(&noun), params: json!({ "job": id }), user_id: reader.user_id, scope_code };
    jobs::begin(&mut scoped, clock.now(), &new).await?;
    let rows = take_back(&mut scoped, &noun, id).await?;
    jobs::mark_undone(&mut scoped, id, &by).await?;
    jobs::end(&mut scoped, clock.now(), &by, State::Done, Some(&json!({ "rows": rows })), None).await?;
    let entry = Entry {
        user_id: Some(reader.user_id),
        account: &reader.account,
        action: "import.undo",
        target: id,
        area: None,
        detail: json!({ "noun": noun, "by": by }),
        rows: Some(rows as i64),
        request_id: "",
    };
    audit::record(&mut scoped, clock.now(), &entry).await?;
    let written = scoped.commit().await?;
    Ok((by, rows, written))
}

/// What leans on the import, in words, with what to do.
fn leaning(what: &str, found: i64, jobs: Option<&str>) -> String {
    let first = jobs.map_or_else(String::new, |jobs| format!("; first: maplebridge import undo {jobs}"));
    match what {
        "areas_changed" => format!("{found} of its areas were changed since"),
        "areas_inside" => format!("{found} areas of other sources lie in its areas{first}"),
        "cells_inside" => format!("{found} cells lie in its areas{first}"),
        "cells_changed" => format!("{found} of its cells were changed or ended since"),
        "addresses_inside" => format!("{found} addresses lie in it{first}"),
        "addresses_changed" => format!("{found} of its addresses were changed or ended since"),
        "facilities_inside" => format!("{found} facilities lie in it{first}"),
        "facilities_changed" => format!("{found} of its facilities were changed or ended since"),
        "offices_inside" => format!("{found} offices sit in its facilities; give them another seat first"),
        "cases_inside" => format!("cases lie in it{first}"),
        "cases_shown" => format!("cases are shown at the groups of its addresses{first}"),
        "cases_changed" => "some of its cases were moved on since".to_owned(),
        other => format!("{found} × {other}"),
    }
}

async fn take_back(scoped: &mut Scoped, noun: &str, id: &str) -> Result<u64> {
    let steps: &[&str] = match noun {
        // Narrow areas first: none is deleted while another lies in it.
        "areas" => {
            let mut rows = 0;
            for level in [12_i16, 9, 6, 4, 2] {
                let statement = sqlx::query("delete from areas where job_id = $1 and level = $2").bind(id).bind(level);
                rows += statement.execute(scoped.conn()).await?.rows_affected();
            }
            return Ok(rows);
        }
        "cells" => &[
            "create temp table undone on commit drop as select code, valid_from from cells limit 0",
            "with gone as (delete from cells where job_id = $1 returning code, valid_from) insert into undone select * from gone",
            "update cells c set valid_to = null from undone u where c.code = u.code and c.valid_to = u.valid_from and not c.retired and $1 <> ''",
        ],
        "households" => &[
            "create temp table undone on commit drop as select household_id, valid_from from households limit 0",
            "with gone as (delete from households where job_id = $1 returning household_id, valid_from) insert into undone select * from gone",
            "update households h set valid_to = null from undone u where h.household_id = u.household_id and h.valid_to = u.valid_from and $1 <> ''",
        ],
        "facilities" => &[
            "create temp table undone on commit drop as select facility_id, valid_from from facilities limit 0",
            "with gone as (delete from facilities where job_id = $1 returning facility_id, valid_from) insert into undone select * from gone",
            "update facilities f set valid_to = null from undone u where f.facility_id = u.facility_id and f.valid_to = u.valid_from and $1 <> ''",
        ],
        "basemap" => &["delete from basemap_features where job_id = $1"],
        _ => &["delete from incidents where job_id = $1"],
    };
    let mut rows = 0;
    for step in steps {
        let done = if step.starts_with("create") {
            sqlx::Executor::execute(scoped.conn(), *step).await?.rows_affected()
        } else {
            sqlx::query(step).bind(id).execute(scoped.conn()).await?.rows_affected()
        };
        if step.starts_with("with gone") || step.starts_with("delete") {
            rows += done;
        }
    }
    // The area that --make-under made goes along, where nothing else came to lie in it.
    let made = "delete from areas a where a.job_id = $1
                   and not exists (select 1 from areas o where o.id <> a.id and a.code_lo <= o.code_lo and o.code_lo < a.code_hi)
                   and not exists (select 1 from cells c where a.code_lo <= c.code and c.code < a.code_hi)
                   and not exists (select 1 from households h where a.code_lo <= h.scope_code and h.scope_code < a.code_hi)
                   and not exists (select 1 from facilities f where a.code_lo <= f.scope_code and f.scope_code < a.code_hi)
                   and not exists (select 1 from incidents i where a.code_lo <= i.scope_code and i.scope_code < a.code_hi)";
    sqlx::query(made).bind(id).execute(scoped.conn()).await?;
    Ok(rows)
}
