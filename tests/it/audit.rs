//! The audit trail against somebody who holds the database and lacks the key. The superuser here is a real one.

use std::path::Path;
use std::sync::Arc;

use maplebridge::audit::{self, Bad, Entry, Head, Kind, Sealer, Verdict, verify};
use maplebridge::db::{AuditKey, Db, Scopes};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sqlx::{Executor as _, PgConnection};
use tempfile::TempDir;

use crate::support::app::noon;
use crate::support::database::{Database, database};

/// A trail of ten sealed entries, and the superuser.
struct Trail {
    database: Database,
    home: TempDir,
    db: Db,
    sealer: Arc<Sealer>,
    root: PgConnection,
}

fn key(home: &Path) -> AuditKey {
    AuditKey::at(&home.join("audit.key"), &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

async fn record(db: &Db, n: i64) {
    let mut transaction = db.scoped(&Scopes::default()).await.unwrap();
    let (target, detail) = (n.to_string(), serde_json::json!({"b": n, "a": ["x", n], "share": 0.25}));
    let (account, action) = ("at-centre", "facility.update");
    let entry = Entry { user_id: Some(7), account, action, target: &target, area: None, detail, rows: Some(n), request_id: "01J" };
    audit::record(&mut transaction, noon() + chrono::TimeDelta::nanoseconds(n * 1_234_567), &entry).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn trail() -> Option<Trail> {
    let database = database().await?;
    let home = tempfile::tempdir().unwrap();
    let db = audit::with_key(database.db().await, key(home.path()), noon()).await.unwrap();
    for n in 1..=10 {
        record(&db, n).await;
    }
    let sealer = Arc::new(Sealer::new(db.clone()).unwrap());
    let done = sealer.round().await.unwrap();
    assert_eq!((done.entries, done.waiting, done.head.unwrap().seq), (10, 0, Some(10)));
    let root = database.root().await;
    Some(Trail { database, home, db, sealer, root })
}

impl Trail {
    async fn verify(&self) -> Verdict {
        verify(&self.db, None).await.unwrap()
    }

    /// What is named first after the superuser ran these statements.
    async fn after(&mut self, statements: &str) -> Bad {
        self.root.execute(statements).await.unwrap();
        self.verify().await.bad.first().cloned().unwrap_or_else(|| panic!("nothing was noticed after {statements}"))
    }

    async fn entry(&mut self, seq: i64) -> i64 {
        sqlx::query_scalar("select entry_id from audit_seals where seq = $1").bind(seq).fetch_one(&mut self.root).await.unwrap()
    }
}

/// Seals moved up or down without meeting one another.
fn renumbered(from: i64, by: i64) -> String {
    format!("update audit_seals set seq = seq + 1000000 where seq >= {from}; update audit_seals set seq = seq - 1000000 + {by} where seq >= 1000000")
}

#[tokio::test]
async fn a_trail_that_nobody_touched_is_whole_and_says_its_head() {
    let Some(trail) = trail().await else { return };
    let verdict = trail.verify().await;
    assert_eq!((verdict.good, verdict.waiting, verdict.bad), (10, 0, vec![]));
    let head = Head::parse(verdict.head.as_deref().unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(trail.home.path().join("audit.head")).unwrap().trim(), head.to_string());
    for given in [head, Head { seq: None, ..head }] {
        assert_eq!(verify(&trail.db, Some(given)).await.unwrap().bad, vec![]);
    }
    record(&trail.db, 11).await;
    let verdict = trail.verify().await;
    assert_eq!((verdict.good, verdict.waiting, verdict.bad), (10, 1, vec![]), "what waits for its seal is no fault");
    drop(trail.database);
}

#[tokio::test]
async fn an_edited_entry_is_named_whatever_was_edited() {
    let Some(mut trail) = trail().await else { return };
    for (seq, change) in [
        (9, "account = 'at-system'"),
        (8, "detail = '{}'"),
        (7, "at = at + interval '1 microsecond'"),
        (6, "row_count = null"),
        (5, "user_id = 8"),
        (4, "area_lo = 990321000000000"),
        (3, "request_id = ''"),
        (2, "at = 'infinity'"),
        (1, "action = 'facility.create'"),
    ] {
        let id = trail.entry(seq).await;
        let bad = trail.after(&format!("update audit_entries set {change} where id = {id}")).await;
        assert_eq!((bad.kind, bad.seq, bad.entry_id), (Kind::Edited, Some(seq), Some(id)), "{change}: {}", bad.why);
    }
}

#[tokio::test]
async fn the_last_entry_edited_is_named_by_the_head_that_is_kept() {
    let Some(mut trail) = trail().await else { return };
    let bad = trail.after("update audit_entries set target = '11' where target = '10'").await;
    assert_eq!((bad.kind, bad.seq), (Kind::Edited, Some(10)), "{}", bad.why);
}

#[tokio::test]
async fn a_changed_signature_is_named() {
    let Some(mut trail) = trail().await else { return };
    let bad = trail.after("update audit_entries set signature = set_byte(signature, 20, 255 - get_byte(signature, 20)) where target = '5'").await;
    assert_eq!((bad.kind, bad.seq), (Kind::Edited, Some(5)), "{}", bad.why);
}

#[tokio::test]
async fn a_deleted_entry_is_named_with_its_seal_and_without_and_when_the_rest_is_numbered_anew() {
    let Some(mut trail) = trail().await else { return };
    let eighth = trail.entry(8).await;
    let bad = trail.after(&format!("delete from audit_entries where id = {eighth}")).await;
    assert_eq!((bad.kind, bad.seq, bad.entry_id), (Kind::Deleted, Some(8), Some(eighth)), "{}", bad.why);
    let bad = trail.after("delete from audit_entries where target = '6'; delete from audit_seals where seq = 6").await;
    assert_eq!((bad.kind, bad.seq), (Kind::Deleted, Some(6)), "{}", bad.why);
    let third = trail.entry(3).await;
    let all = format!("delete from audit_entries where id = {third}; delete from audit_seals where seq = 3; {}", renumbered(4, -1));
    let bad = trail.after(&all).await;
    assert_eq!((bad.kind, bad.seq), (Kind::Deleted, Some(3)), "{}", bad.why);
}

const FORGED: &str = "insert into audit_entries (at, user_id, account, action, target, detail, request_id)
                      values ('2026-03-01 04:00:00Z', 7, 'at-centre', 'facility.update', 'forged', '{}', '01J')";

#[tokio::test]
async fn an_inserted_entry_is_named_before_the_sealer_saw_it_and_after() {
    let Some(mut trail) = trail().await else { return };
    let bad = trail.after(FORGED).await;
    assert_eq!((bad.kind, bad.seq), (Kind::Inserted, None), "{}", bad.why);
    let forged = bad.entry_id;
    assert_eq!(trail.sealer.round().await.unwrap().entries, 1, "it is sealed all the same, so that it cannot be taken out again");
    record(&trail.db, 12).await;
    trail.sealer.round().await.unwrap();
    let verdict = trail.verify().await;
    let named: Vec<_> = verdict.bad.iter().map(|bad| (bad.kind, bad.seq, bad.entry_id)).collect();
    assert_eq!((verdict.good, named), (12, vec![(Kind::Inserted, Some(11), forged)]), "and what comes after it is still verified");
}

#[tokio::test]
async fn an_entry_inserted_among_the_sealed_ones_is_named() {
    let Some(mut trail) = trail().await else { return };
    let all = format!(
        "{FORGED}; {}; insert into audit_seals (seq, entry_id, hash) select 4, id, sha256('x') from audit_entries where target = 'forged'",
        renumbered(4, 1)
    );
    let bad = trail.after(&all).await;
    assert_eq!((bad.kind, bad.seq), (Kind::Inserted, Some(4)), "{}", bad.why);
}

#[tokio::test]
async fn an_entry_inserted_at_the_end_with_a_seal_of_its_own_is_named() {
    let Some(mut trail) = trail().await else { return };
    let all =
        format!("{FORGED}; insert into audit_seals (seq, entry_id, hash) select 11, id, sha256('x') from audit_entries where target = 'forged'");
    let bad = trail.after(&all).await;
    assert_eq!((bad.kind, bad.seq), (Kind::Inserted, Some(11)), "{}", bad.why);
}

#[tokio::test]
async fn a_copy_of_a_genuine_entry_is_named() {
    let Some(mut trail) = trail().await else { return };
    let copied = trail
        .after(
            "alter table audit_entries drop constraint audit_entries_signature_once;
             insert into audit_entries (at, user_id, account, action, target, detail, row_count, request_id, signature)
             select at, user_id, account, action, target, detail, row_count, request_id, signature from audit_entries where target = '5'",
        )
        .await;
    assert_eq!(copied.kind, Kind::Inserted, "{}", copied.why);
    trail.sealer.round().await.unwrap();
    let bad = trail.verify().await.bad;
    assert_eq!((bad[0].kind, bad[0].seq, bad[0].entry_id), (Kind::Inserted, Some(11), copied.entry_id), "{}", bad[0].why);
}

#[tokio::test]
async fn swapped_entries_are_named_whichever_way_they_were_swapped() {
    let swap = |columns: &str| {
        format!(
            "alter table audit_entries drop constraint audit_entries_signature_once;
             with both_of as (select id, row_number() over (order by id) as n, {columns} from audit_entries where target in ('4', '7'))
             update audit_entries e set ({columns}) = (select {columns} from both_of o where o.n <> own.n) from both_of own where own.id = e.id"
        )
    };
    let words = "account, action, target, detail, row_count, request_id, at, user_id";
    for statements in [
        swap(words),
        swap(&format!("{words}, signature")),
        "update audit_seals s set entry_id = -entry_id where seq in (4, 7);
         update audit_seals s set entry_id = (select -o.entry_id from audit_seals o where o.seq = 11 - s.seq) where seq in (4, 7)"
            .into(),
        "update audit_seals set seq = -seq where seq in (4, 7); update audit_seals set seq = 11 + seq where seq < 0".into(),
        "update audit_seals set seq = -seq where seq in (4, 5); update audit_seals set seq = 9 + seq where seq < 0".into(),
    ] {
        let Some(mut trail) = trail().await else { return };
        let bad = trail.after(&statements).await;
        assert_eq!((bad.kind, bad.seq), (Kind::Swapped, Some(4)), "{statements}: {}", bad.why);
    }
}

#[tokio::test]
async fn a_cut_tail_is_told_by_the_head_that_is_kept_or_written_down_and_the_sealer_stops() {
    let Some(mut trail) = trail().await else { return };
    let written_down = Head::parse(trail.verify().await.head.as_deref().unwrap()).unwrap();
    let bad = trail
        .after("delete from audit_entries where id in (select entry_id from audit_seals where seq > 7); delete from audit_seals where seq > 7")
        .await;
    assert_eq!((bad.kind, bad.seq), (Kind::TailCut, Some(8)), "{}", bad.why);
    record(&trail.db, 11).await;
    let refused = trail.sealer.round().await.unwrap_err().to_string();
    assert!(refused.contains("ends at 7") && refused.contains("audit verify"), "{refused}");
    assert_eq!(trail.sealer.waiting(), 1);

    // with the kept head gone too, only what was written down elsewhere tells
    std::fs::remove_file(trail.home.path().join("audit.head")).unwrap();
    assert_eq!(trail.verify().await.bad, vec![]);
    for head in [written_down, Head { seq: None, ..written_down }] {
        let bad = verify(&trail.db, Some(head)).await.unwrap().bad;
        assert_eq!((bad[0].kind, bad[0].seq), (Kind::TailCut, Some(8)), "{}", bad[0].why);
    }
    // and also after the chain grew past it again
    for n in 12..=16 {
        record(&trail.db, n).await;
    }
    trail.sealer.round().await.unwrap();
    let bad = verify(&trail.db, Some(written_down)).await.unwrap().bad;
    assert_eq!(bad[0].kind, Kind::TailCut, "{}", bad[0].why);
}

#[tokio::test]
async fn hashes_recomputed_without_the_key_are_named_with_the_entry_that_was_edited() {
    let Some(mut trail) = trail().await else { return };
    let edited = trail.entry(6).await;
    let bad = trail
        .after(
            "update audit_entries set account = 'at-system' where target = '6';
             do $$ declare before bytea := decode(repeat('00', 32), 'hex'); seal record; begin
               for seal in select s.seq, e.* from audit_seals s join audit_entries e on e.id = s.entry_id order by s.seq loop
                 before := sha256(before || convert_to(seal.seq || seal::text, 'UTF8'));
                 update audit_seals set hash = before where seq = seal.seq;
               end loop;
             end $$",
        )
        .await;
    assert_eq!((bad.kind, bad.seq), (Kind::Recomputed, Some(1)), "{}", bad.why);
    assert!(bad.why.contains(&format!("is {edited}")), "{}", bad.why);
}

#[tokio::test]
async fn entries_from_before_the_chain_are_adopted_once() {
    let Some(database) = database().await else { return };
    let home = tempfile::tempdir().unwrap();
    let plain = database.db().await;
    let mut root = database.root().await;
    let many =
        "insert into audit_entries (at, account, action) select '2026-01-01T00:00:00Z', 'old', 'facility.update' from generate_series(1, 6000)";
    root.execute(many).await.unwrap();
    let db = audit::with_key(plain.clone(), key(home.path()), noon()).await.unwrap();
    let sealer = Sealer::new(db.clone()).unwrap();
    assert_eq!(sealer.round().await.unwrap().entries, 6_000, "more than one transaction");
    assert_eq!(verify(&db, None).await.unwrap().bad, vec![]);
    record(&plain, 2).await;
    sealer.round().await.unwrap();
    let bad = verify(&db, None).await.unwrap().bad;
    assert_eq!((bad[0].kind, bad[0].seq), (Kind::Inserted, Some(6_001)));
    // hashes made anew over old entries are no insert
    let chain = "update audit_seals set hash = sha256(hash)";
    root.execute("create table kept as select * from audit_seals").await.unwrap();
    root.execute(chain).await.unwrap();
    assert_eq!(verify(&db, None).await.unwrap().bad[0].kind, Kind::Recomputed);
    root.execute("update audit_seals s set hash = k.hash from kept k where k.seq = s.seq").await.unwrap();
    // and nobody moves the line between before and after
    root.execute("update audit_chain set adopted_upto = adopted_upto + 100").await.unwrap();
    assert!(sealer.round().await.is_err() && audit::with_key(plain, key(home.path()), noon()).await.is_err());
}

#[tokio::test]
async fn taking_the_line_away_makes_no_inserted_entry_an_old_one() {
    let Some(mut trail) = trail().await else { return };
    trail.root.execute(format!("{FORGED}; delete from audit_chain").as_str()).await.unwrap();
    assert!(trail.sealer.round().await.is_err());
    let again = audit::with_key(trail.database.db().await, key(trail.home.path()), noon()).await.unwrap();
    Sealer::new(again.clone()).unwrap().round().await.unwrap();
    let bad = verify(&again, None).await.unwrap().bad;
    assert_eq!((bad[0].kind, bad[0].seq), (Kind::Inserted, Some(11)), "{}", bad[0].why);
}

#[tokio::test]
async fn another_key_is_refused_before_it_signs_anything() {
    let Some(trail) = trail().await else { return };
    let foreign = AuditKey::at(&trail.home.path().join("other.key"), &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    let refused = audit::with_key(trail.database.db().await, foreign, noon()).await.unwrap_err().to_string();
    assert!(refused.contains("other.key") && refused.contains("--audit-key-file"), "{refused}");
}

#[tokio::test]
async fn two_sealers_and_many_writers_make_one_chain_without_gaps() {
    let Some(trail) = trail().await else { return };
    let other = Arc::new(Sealer::new(trail.db.clone()).unwrap());
    // an entry of a long transaction becomes visible after later ones were sealed
    let mut long = trail.db.scoped(&Scopes::default()).await.unwrap();
    let entry = Entry {
        user_id: None,
        account: "",
        action: "import.commit",
        target: "long",
        area: None,
        detail: serde_json::json!({}),
        rows: None,
        request_id: "",
    };
    audit::record(&mut long, noon(), &entry).await.unwrap();
    let writers = (0..4).map(|writer| {
        let db = trail.db.clone();
        tokio::spawn(async move {
            for n in 0..50 {
                record(&db, 1_000 + writer * 100 + n).await;
            }
        })
    });
    let sealers = [Arc::clone(&trail.sealer), other].map(|sealer| {
        tokio::spawn(async move {
            for _ in 0..30 {
                sealer.round().await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
    });
    for task in writers.collect::<Vec<_>>().into_iter().chain(sealers) {
        task.await.unwrap();
    }
    trail.sealer.round().await.unwrap();
    assert_eq!((trail.verify().await.good, trail.verify().await.waiting), (210, 0));
    long.commit().await.unwrap();
    trail.sealer.round().await.unwrap();
    let verdict = trail.verify().await;
    assert_eq!((verdict.good, verdict.waiting, verdict.bad), (211, 0, vec![]));
}
