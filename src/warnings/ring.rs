//! Ringing the webhooks: what waits in the outbox is sent, signed, and tried again with growing pauses.
//!
//! A row is taken by moving its time on before anything is sent, so no transaction is open while the other side thinks, two
//! processes do not send the same, and what a crash interrupted is sent when that time has come: at least once, never lost.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac as _};
use reqwest::redirect::Policy;
use serde_json::json;
use sha2::Sha256;

use crate::context::Context;
use crate::db::Scopes;
use crate::error::{Error, Result};

/// Between two looks into the outbox.
const LOOK: Duration = Duration::from_secs(3);
/// How long the other side may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// For how long a row is taken: longer than the other side may take.
const TAKEN_S: i64 = 60;
/// Rows of one look.
const AT_ONCE: i64 = 16;
/// Pauses in seconds after each try that failed: after the last one it is given up.
const PAUSES_S: [i64; 9] = [5, 30, 120, 600, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600];
/// Days for which rings are remembered that are over.
const KEPT_DAYS: i64 = 30;

#[derive(Debug, sqlx::FromRow)]
struct Due {
    id: i64,
    attempts: i32,
    made_at: DateTime<Utc>,
    url: String,
    secret: Vec<u8>,
}

/// Rings for ever, until dropped.
pub async fn ring_for_ever(context: Context) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        if let Err(error) = deliver_due(&context).await {
            tracing::warn!(%error, "webhooks could not be rung; another attempt follows");
        }
    }
}

fn scopes() -> Scopes {
    Scopes::default().with_everything("warn")
}

/// Sends what is due now; how many arrived. Outcomes of single deliveries are kept with them, and no error.
pub async fn deliver_due(context: &Context) -> Result<usize> {
    let now = context.clock.now();
    let mut transaction = context.db.scoped(&scopes()).await?;
    let sql = "with taken as (
                 select d.id from webhook_deliveries d join webhooks w on w.id = d.webhook_id
                  where d.state = 'waiting' and d.next_at <= $1 and w.active order by d.next_at limit $3 for update of d skip locked)
               update webhook_deliveries d set next_at = $2, attempts = d.attempts + 1 from taken t, webhooks w
                where d.id = t.id and w.id = d.webhook_id returning d.id, d.attempts, d.made_at, w.url, w.secret";
    let due: Vec<Due> = sqlx::query_as(sql).bind(now).bind(now + TimeDelta::seconds(TAKEN_S)).bind(AT_ONCE).fetch_all(transaction.conn()).await?;
    if due.is_empty() {
        let sql = "delete from webhook_deliveries where state <> 'waiting' and made_at < $1";
        sqlx::query(sql).bind(now - TimeDelta::days(KEPT_DAYS)).execute(transaction.conn()).await?;
        transaction.commit().await?;
        return Ok(0);
    }
    transaction.commit().await?;
    // No proxy of the environment, no redirect: the address that was set and no other.
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(ANSWER_WITHIN).build();
    let client = client.map_err(Error::internal("prepare to ring webhooks"))?;
    let sent = futures::future::join_all(due.iter().map(|due| send(&client, due, now))).await;
    let mut arrived = 0;
    let mut transaction = context.db.scoped(&scopes()).await?;
    for (due, (status, fault)) in due.iter().zip(sent) {
        arrived += usize::from(fault.is_empty());
        let pause = usize::try_from(due.attempts - 1).ok().and_then(|n| PAUSES_S.get(n));
        let (state, next_at) = match pause {
            _ if fault.is_empty() => ("delivered", None),
            Some(pause) => ("waiting", Some(now + TimeDelta::seconds(*pause))),
            None => ("given_up", None),
        };
        let sql = "update webhook_deliveries set state = $2, next_at = $3, last_status = $4, last_error = $5 where id = $1";
        sqlx::query(sql).bind(due.id).bind(state).bind(next_at).bind(status).bind(fault).execute(transaction.conn()).await?;
    }
    transaction.commit().await?;
    Ok(arrived)
}

/// The status of the answer, and what is wrong; empty where it arrived.
async fn send(client: &reqwest::Client, due: &Due, now: DateTime<Utc>) -> (Option<i32>, String) {
    let body = body(due.made_at);
    let (id, timestamp) = (format!("ring_{}", due.id), now.timestamp().to_string());
    let request = client
        .post(&due.url)
        .header("content-type", "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &timestamp)
        .header("webhook-signature", signature(&due.secret, &id, &timestamp, &body))
        .body(body);
    match request.send().await {
        Ok(answer) if answer.status().is_success() => (Some(i32::from(answer.status().as_u16())), String::new()),
        Ok(answer) => (Some(i32::from(answer.status().as_u16())), format!("answered {}", answer.status().as_u16())),
        Err(error) if error.is_timeout() => (None, "no answer within 10 s".to_owned()),
        Err(error) if error.is_connect() => (None, "no connection".to_owned()),
        Err(_) => (None, "the answer broke off".to_owned()),
    }
}

/// What is sent: since when to list changes. No warning is named, for who set the address may not open cases.
fn body(made_at: DateTime<Utc>) -> String {
    let since = made_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    json!({ "type": "warnings.changed", "timestamp": since, "data": { "list": format!("/api/warnings?changed_since={since}") } }).to_string()
}

/// `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body` (Standard Webhooks).
fn signature(secret: &[u8], id: &str, timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_signed_over_its_id_its_time_and_its_body() {
        // computed by: printf 'ring_7.1700000000.{"a":1}' | openssl dgst -sha256 -hmac 'a key of thirty-two bytes length' -binary | base64
        let key = b"a key of thirty-two bytes length";
        let signed = signature(key, "ring_7", "1700000000", r#"{"a":1}"#);
        assert_eq!(signed, "v1,XNf3p2AWcTi0CHKUw18yZkdo1iN0zvx3i2zeOfO/6Qk=");
        assert_ne!(signed, signature(key, "ring_7", "1700000001", r#"{"a":1}"#));
    }

    #[test]
    fn pauses_grow() {
        assert!(PAUSES_S.is_sorted() && PAUSES_S.iter().sum::<i64>() > 24 * 3_600);
    }
}
