//! From what PostgreSQL says to what the domain says.

use crate::error::Error;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refusal) => from_refusal(refusal),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
                Self::Busy { retry_after_s: 5, message: "the database is away; maps stay readable, writes and lists must wait".into() }
            }
            other => Self::internal("ask the database")(other),
        }
    }
}

fn from_refusal(refusal: Box<dyn sqlx::error::DatabaseError>) -> Error {
    let code = refusal.code().map(std::borrow::Cow::into_owned).unwrap_or_default();
    let rule = refusal.constraint().map(str::to_owned);
    match (code.as_str(), rule) {
        // unique, exclusion, check: the message of our own rules names both sides
        ("23P01", Some(rule)) => Error::Conflict { message: format!("{}{}", refusal.message(), place(&*refusal)), rule },
        ("23505", Some(rule)) => Error::Conflict { message: taken(&rule), rule },
        ("23514", Some(rule)) => Error::Conflict { message: format!("the values break the rule {rule}"), rule },
        ("23503", Some(rule)) => Error::Conflict { message: format!("something it refers to is not stored ({rule})"), rule },
        // a policy said no: the row lies outside the writer's area
        ("42501", _) => Error::Forbidden("the row lies outside the area in which you may write".into()),
        // serialisation, deadlock, lock timeout
        ("40001" | "40P01" | "55P03", _) => Error::Busy { retry_after_s: 1, message: "another write was in the way; try again".into() },
        // the disk is full
        ("53100", _) => Error::StorageFull,
        // text that PostgreSQL cannot hold, numbers and days it cannot count to
        ("22021" | "22P05" | "22003" | "22008", _) => Error::invalid("", "not_storable", format!("a value cannot be stored: {}", refusal.message())),
        // shutdown, crash, cannot connect now, too many connections
        ("57P01" | "57P02" | "57P03" | "53300", _) => {
            Error::Busy { retry_after_s: 5, message: "the database is away; maps stay readable, writes and lists must wait".into() }
        }
        ("57014", _) => Error::Busy { retry_after_s: 5, message: "the statement took too long and was stopped".into() },
        _ => Error::Internal { context: "ask the database", source: Box::new(sqlx::Error::Database(refusal)) },
    }
}

/// Where a rule of ours is broken, longitude and latitude: `app.refuse` puts it beside the message.
fn place(refusal: &dyn sqlx::error::DatabaseError) -> String {
    let detail = refusal.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(sqlx::postgres::PgDatabaseError::detail);
    let told = detail.and_then(|detail| serde_json::from_str::<serde_json::Value>(detail).ok());
    match told.as_ref().map(|told| (&told["at"][0], &told["at"][1])) {
        Some((lon, lat)) if lon.is_number() && lat.is_number() => format!(" at {lon}, {lat}"),
        _ => String::new(),
    }
}

/// The sentence for a unique rule.
fn taken(rule: &str) -> String {
    match rule {
        "users_account_unique" => "the account name is taken".into(),
        "grants_once" => "the account holds this role in this area already".into(),
        "areas_code_unique" => "the area code is taken".into(),
        "facilities_origin" | "households_origin" | "cells_origin" | "areas_origin" | "incidents_origin" => {
            "two rows of one source have the same key".into()
        }
        other => format!("the value is taken ({other})"),
    }
}
