//! Recomputes every seal and signature, and names the first entry that does not fit.

use futures::TryStreamExt as _;
use sqlx::{FromRow as _, Row as _};

use super::chain::{COLUMNS, Hash, Head, Origin, Stored, beginning, link, sealing};
use super::kept;
use crate::db::{AuditKey, Db, Scoped};
use crate::error::{Error, Result};

mod diagnose;

/// Links read at once.
const PAGE: i64 = 10_000;
/// More entries than this are not named.
const MOST_NAMED: usize = 100;

/// What was done to the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What the entry says was changed.
    Edited,
    /// The entry, or its seal, is gone.
    Deleted,
    /// It was put in by somebody without the key.
    Inserted,
    /// It stands in the place of another.
    Swapped,
    /// The end of the chain is gone.
    TailCut,
    /// Its hash, and those after it, were made anew without the key.
    Recomputed,
}

/// The first entry that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Bad {
    /// What was done.
    pub kind: Kind,
    /// Place in the chain, from 1; none for an entry without a seal.
    pub seq: Option<i64>,
    /// Key of the entry, where it is known.
    pub entry_id: Option<i64>,
    /// One sentence in English that says how it is known.
    pub why: String,
}

/// What verifying came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verdict {
    /// Seals that were found good, from the first.
    pub good: i64,
    /// Entries that wait for their seal.
    pub waiting: i64,
    /// The last good seal, `N:HEX`.
    pub head: Option<String>,
    /// Entries that do not fit, the first one first; none: the trail is whole. Past a break in the chain none are looked for.
    pub bad: Vec<Bad>,
}

/// A seal and its entry, as the database holds them.
#[derive(Debug, Clone)]
struct Link {
    seq: i64,
    entry_id: i64,
    hash: Vec<u8>,
    origin: String,
    entry: Option<Stored>,
}

impl Link {
    fn of_row(row: &sqlx::postgres::PgRow) -> Result<Self, sqlx::Error> {
        let entry = if row.try_get::<Option<i64>, _>("id")?.is_some() { Some(Stored::from_row(row)?) } else { None };
        Ok(Self {
            seq: row.try_get("seq")?,
            entry_id: row.try_get("seal_entry_id")?,
            hash: row.try_get("hash")?,
            origin: row.try_get("origin")?,
            entry,
        })
    }

    /// The seal as it should be at a place, after another.
    fn due(&self, key: &AuditKey, seq: i64, before: &Hash) -> Option<Hash> {
        let entry = self.entry.as_ref()?;
        Some(link(key, seq, before, self.entry_id, &self.origin, &entry.content().bytes()))
    }

    fn is(&self, hash: Option<Hash>) -> bool {
        hash.is_some_and(|hash| self.hash == hash)
    }
}

/// The chain by number, from after a seal on.
async fn next_links(transaction: &mut Scoped, after: i64, most: i64) -> Result<Vec<Link>> {
    let columns = COLUMNS;
    let sql = format!(
        "select s.seq, s.entry_id as seal_entry_id, s.hash, s.origin, {columns}
           from audit_seals s left join audit_entries e on e.id = s.entry_id where s.seq > $1 order by s.seq limit $2"
    );
    let rows = sqlx::query(&sql).bind(after).bind(most).fetch_all(transaction.conn()).await?;
    Ok(rows.iter().map(Link::of_row).collect::<Result<_, sqlx::Error>>()?)
}

/// Verifies the whole trail.
///
/// * `db` – connections that sign, so that the key is there
/// * `given` – a head that somebody wrote down; the one kept beside the key is always compared too
///
/// What is sealed meanwhile is verified too. O(entries), 1 to 2 µs each beside the database.
pub async fn verify(db: &Db, given: Option<Head>) -> Result<Verdict> {
    let key = db.audit_key().ok_or_else(|| Error::Usage("verifying the audit trail needs its key: give --audit-key-file".into()))?;
    // read before the chain: what is sealed meanwhile lies above it
    let heads: Vec<Head> = kept::read(&kept::file(&key))?.into_iter().chain(given).collect();
    let mut transaction = db.scoped(&sealing()).await?;
    transaction.without_time_limit().await?;
    let adopted_upto = super::chain_of(&mut transaction).await?.map_or(0, |(_, adopted_upto)| adopted_upto);
    let mut walk = Walk { seq: 0, hash: beginning(&key), heads, key: &key, adopted_upto, bad: Vec::new() };
    if let Some(link) = walk.chain(&mut transaction).await? {
        let bad = diagnose::broken(&mut transaction, &walk, &link).await?;
        walk.bad.push(bad);
    } else {
        walk.cut_tail();
        walk.beside_the_chain(&mut transaction).await?;
    }
    let waiting: i64 = sqlx::query_scalar!(
        "select count(*) as \"waiting!\" from audit_entries e where not exists (select 1 from audit_seals s where s.entry_id = e.id)"
    )
    .fetch_one(transaction.conn())
    .await?;
    let head = (walk.seq > 0).then(|| Head { seq: Some(walk.seq), hash: walk.hash }.to_string());
    Ok(Verdict { good: walk.seq, waiting, head, bad: walk.bad })
}

/// How far the chain was found good.
struct Walk<'a> {
    seq: i64,
    hash: Hash,
    /// Heads to compare; each is taken out when the chain passes it.
    heads: Vec<Head>,
    key: &'a AuditKey,
    /// The last entry from before the chain.
    adopted_upto: i64,
    bad: Vec<Bad>,
}

impl Walk<'_> {
    /// Walks to the first link that does not fit.
    async fn chain(&mut self, transaction: &mut Scoped) -> Result<Option<Link>> {
        loop {
            let page = next_links(transaction, self.seq, PAGE).await?;
            if page.is_empty() {
                return Ok(None);
            }
            for found in page {
                let due = found.due(self.key, self.seq + 1, &self.hash);
                if found.seq != self.seq + 1 || !found.is(due) {
                    return Ok(Some(found));
                }
                self.judge_signature(&found);
                (self.seq, self.hash) = (found.seq, due.unwrap_or(self.hash));
                let (seq, hash) = (self.seq, self.hash);
                self.heads.retain(|head| head.hash != hash || head.seq.is_some_and(|wanted| wanted != seq));
            }
        }
    }

    /// The chain is right here, so what the sealer saw is what is there: was it an entry of ours?
    fn judge_signature(&mut self, found: &Link) {
        let (kind, why) = match &found.entry {
            _ if found.origin == Origin::Unsigned.name() => (Kind::Inserted, "the sealer found it there, and no process with the key recorded it"),
            Some(entry) if found.origin == Origin::Signed.name() && !entry.is_signed(self.key) => (Kind::Edited, "its signature was changed"),
            _ => return,
        };
        if self.bad.len() < MOST_NAMED {
            self.bad.push(Bad { kind, seq: Some(found.seq), entry_id: Some(found.entry_id), why: why.into() });
        }
    }

    /// Names a head that the good chain does not hold.
    fn cut_tail(&mut self) {
        let Some(head) = self.heads.iter().min_by_key(|head| head.seq.unwrap_or(i64::MAX)) else { return };
        let why = match head.seq {
            Some(seq) if seq > self.seq => format!("the chain ends at {}, the head kept outside the database says {seq}", self.seq),
            Some(seq) => format!("seal {seq} is not the one kept outside the database: the tail was cut, and the chain went on from there"),
            None => format!("no seal of the chain is {head}"),
        };
        let seq = head.seq.map_or(self.seq + 1, |seq| seq.min(self.seq + 1));
        self.bad.push(Bad { kind: Kind::TailCut, seq: Some(seq), entry_id: None, why });
    }

    /// Entries that wait for a seal and bear no signature of ours, and copies of entries.
    async fn beside_the_chain(&mut self, transaction: &mut Scoped) -> Result<()> {
        if self.seq > 0 {
            let sql =
                format!("select {COLUMNS} from audit_entries e where not exists (select 1 from audit_seals s where s.entry_id = e.id) order by e.id");
            let mut rows = sqlx::query_as::<_, Stored>(&sql).fetch(transaction.conn());
            while let Some(entry) = rows.try_next().await? {
                if !entry.is_signed(self.key) && self.bad.len() < MOST_NAMED {
                    let why = "it waits for its seal and no process with the key recorded it".into();
                    self.bad.push(Bad { kind: Kind::Inserted, seq: None, entry_id: Some(entry.id), why });
                }
            }
        }
        let copies: Vec<(i64, i64, Option<i64>)> = sqlx::query_as(
            "select c.first_id, c.id, s.seq
               from (select id, min(id) over (partition by signature) as first_id from audit_entries where signature is not null) c
               left join audit_seals s on s.entry_id = c.id
              where c.id > c.first_id order by c.id limit 100",
        )
        .fetch_all(transaction.conn())
        .await?;
        let copies = copies.into_iter().map(|(first, id, seq)| Bad {
            kind: Kind::Inserted,
            seq,
            entry_id: Some(id),
            why: format!("it is a copy of entry {first}"),
        });
        self.bad.extend(copies);
        Ok(())
    }
}
