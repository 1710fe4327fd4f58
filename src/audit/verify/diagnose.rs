//! What was done where a link does not fit.
//!
//! Whoever lacks the key can move genuine hashes about and cannot make one. So each suspicion is a sum that comes out
//! genuine if it is right: the entry of another place fits here (swapped); the next link fits on this hash, which is
//! therefore the sealed one, and only the entry differs (edited); a later link fits here (inserted before it); the next
//! link fits with a higher number (deleted before it). Where none comes out the hashes were made without the key.

use super::{Bad, Kind, Link, PAGE, Walk, next_links};
use crate::audit::chain::{COLUMNS, Hash, Origin, Stored, link as seal};
use crate::db::{AuditKey, Scoped};
use crate::error::Result;

/// How many places around are tried for links that were moved.
const NEAR: i64 = 20_000;

/// Names what was done at the first link that does not fit.
pub(super) async fn broken(transaction: &mut Scoped, walk: &Walk<'_>, found: &Link) -> Result<Bad> {
    let (seq, key) = (walk.seq + 1, walk.key);
    let bad = |kind, why: String| Bad { kind, seq: Some(seq), entry_id: Some(found.entry_id), why };
    if found.seq != seq {
        let why = format!("seal {seq} is gone, with its entry or without; the next one there is {}", found.seq);
        return Ok(Bad { kind: Kind::Deleted, seq: Some(seq), entry_id: None, why });
    }
    let Some(entry) = &found.entry else { return Ok(bad(Kind::Deleted, "its seal is there, the entry is gone".into())) };
    if let Some(other) = other_entry_here(transaction, walk, found).await? {
        return Ok(bad(Kind::Swapped, format!("what stands in entry {other} was sealed in this place")));
    }
    let next = next_links(transaction, seq, NEAR).await?;
    let own = Hash::try_from(found.hash.as_slice()).ok();
    let fits_after = |by: i64| match (own, next.first()) {
        (Some(own), Some(next)) => next.is(next.due(key, seq + 1 + by, &own)),
        _ => false,
    };
    let kept = |seq: i64| walk.heads.iter().any(|head| Some(head.hash) == own && head.seq.is_none_or(|kept| kept == seq));
    if fits_after(0) || kept(seq) {
        return Ok(bad(Kind::Edited, "it does not say what was sealed".into()));
    }
    // in order of the chain: the first later link that fits here says how many were put in before it
    if let Some(at) = next.iter().position(|later| later.is(later.due(key, seq, &walk.hash))) {
        let later = &next[at];
        let before_later = at.checked_sub(1).map_or(Some(found), |before| next.get(before));
        let places = [before_later.map(|link| &link.hash), Some(&later.hash)];
        let swapped = places.into_iter().flatten().filter_map(|hash| Hash::try_from(hash.as_slice()).ok());
        if swapped.into_iter().any(|before| found.is(found.due(key, later.seq, &before))) {
            return Ok(bad(Kind::Swapped, format!("it was sealed as {}, and what was sealed here stands there", later.seq)));
        }
        return Ok(bad(Kind::Inserted, format!("what was sealed in this place is now {} further on", later.seq - seq)));
    }
    if let Some(by) = (1..NEAR).find(|&by| fits_after(by) || kept(seq + by)) {
        let why = format!("{by} before it are gone, and those after were numbered anew; this was {}", seq + by);
        return Ok(Bad { kind: Kind::Deleted, seq: Some(seq), entry_id: None, why });
    }
    // several edited in a row: none of them proves the hash before it, but later hashes still are the sealed ones
    let later_fit = next.windows(2).any(|pair| match Hash::try_from(pair[0].hash.as_slice()) {
        Ok(before) => pair[1].is(pair[1].due(key, pair[1].seq, &before)),
        Err(_) => false,
    });
    let ends_as_kept = next.iter().any(|link| walk.heads.iter().any(|head| head.seq == Some(link.seq) && link.is(Some(head.hash))));
    if !entry.is_signed(key) && (later_fit || ends_as_kept) {
        return Ok(bad(Kind::Edited, "it does not say what was sealed, and the next one neither".into()));
    }
    let past_every_head = !walk.heads.is_empty() && walk.heads.iter().all(|head| head.seq.is_some_and(|kept| kept < seq));
    // an entry from before the chain bears no signature and needs none
    let is_old = found.entry_id <= walk.adopted_upto && !past_every_head;
    if !is_old && !entry.is_signed(key) && (entry.signature.is_none() || past_every_head) {
        return Ok(bad(Kind::Inserted, "neither its seal nor its signature was made with the key".into()));
    }
    let forged = first_forged(transaction, key, seq).await?;
    let which = forged.map_or_else(String::new, |id| format!("; the first entry from there on that does not bear its own signature is {id}"));
    Ok(bad(Kind::Recomputed, format!("this hash and those after it were not made with the key{which}")))
}

/// The entry, other than the one that stands here, over which the seal of this place was made.
async fn other_entry_here(transaction: &mut Scoped, walk: &Walk<'_>, found: &Link) -> Result<Option<i64>> {
    let sql = format!("select {COLUMNS} from audit_entries e where e.id > $1 order by e.id limit $2");
    let mut after = i64::MIN;
    loop {
        let page: Vec<Stored> = sqlx::query_as(&sql).bind(after).bind(PAGE).fetch_all(transaction.conn()).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.id;
        for other in page.iter().filter(|other| other.id != found.entry_id) {
            let content = other.content().bytes();
            let fits = |id| found.is(Some(seal(walk.key, walk.seq + 1, &walk.hash, id, &found.origin, &content)));
            if fits(found.entry_id) || fits(other.id) {
                return Ok(Some(other.id));
            }
        }
    }
}

async fn first_forged(transaction: &mut Scoped, key: &AuditKey, seq: i64) -> Result<Option<i64>> {
    let mut after = seq - 1;
    loop {
        let page = next_links(transaction, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = last.seq;
        let forged =
            page.into_iter().find(|link| link.origin != Origin::Adopted.name() && link.entry.as_ref().is_some_and(|entry| !entry.is_signed(key)));
        if let Some(link) = forged {
            return Ok(Some(link.entry_id));
        }
    }
}
