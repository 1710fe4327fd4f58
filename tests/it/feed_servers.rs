//! The change feed on servers of its own: on a standby, through its promotion, where a promoted server has lost commits
//! that were seen, and behind the floor below which changes are pruned.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

use maplebridge::read_model::ReadModel;
use sqlx::Executor as _;

use crate::feed::write;
use crate::feed_support::Dice;
use crate::support::server::{Server, ready};

/// Waits until the standby has replayed what the primary has written.
async fn caught_up(primary: &Server, standby: &Server) {
    let written: String =
        sqlx::query_scalar("select pg_current_wal_flush_lsn()::text").fetch_one(&mut primary.connect("postgres").await).await.unwrap();
    let mut conn = standby.connect("postgres").await;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let there: bool =
            sqlx::query_scalar("select pg_last_wal_replay_lsn() >= $1::text::pg_lsn").bind(&written).fetch_one(&mut conn).await.unwrap();
        if there {
            return;
        }
        assert!(Instant::now() < deadline, "the standby does not catch up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the model equals a fresh load of the same server.
async fn equals_a_fresh_load(model: &ReadModel, server: &Server, when: &str) {
    model.wait_fresh_within(Duration::from_secs(30)).await.unwrap();
    let fresh = server.model().await;
    assert_eq!(model.model().digest(), fresh.model().digest(), "{when}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_of_a_standby_misses_nothing_through_promotion_and_forgets_what_a_promoted_server_has_lost() {
    let Some((bin, dirs)) = ready().await else { return };
    let primary = Server::primary(&bin, dirs[0].path());
    primary.build().await;
    let standby = Server::standby_of(&primary, dirs[1].path());
    let at_primary = primary.model().await;
    let at_standby = standby.model().await;

    let mut writers = Vec::new();
    for seed in 1..=4 {
        writers.push(tokio::spawn(write(primary.connect("maplebridge_owner").await, Dice(seed * 131), 400, Arc::new(AtomicI64::new(0)))));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    caught_up(&primary, &standby).await;
    equals_a_fresh_load(&at_standby, &standby, "on the standby").await;
    equals_a_fresh_load(&at_primary, &primary, "on the primary").await;
    assert_eq!(at_standby.model().digest(), at_primary.model().digest());
    assert_eq!((at_primary.loads(), at_standby.loads()), (1, 1), "followers that keep up never load anew");

    // The standby is cut off; what the primary commits from now on, its follower sees and no other server will have.
    let mut root = standby.connect("postgres").await;
    root.execute("alter system set primary_conninfo = ''").await.unwrap();
    root.execute("select pg_reload_conf()").await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while sqlx::query_scalar::<_, i64>("select count(*) from pg_stat_wal_receiver").fetch_one(&mut root).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "the standby goes on listening");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    write(primary.connect("maplebridge_owner").await, Dice(7), 300, Arc::new(AtomicI64::new(0))).await;
    equals_a_fresh_load(&at_primary, &primary, "before the crash").await;
    assert_ne!(at_primary.model().digest(), at_standby.model().digest(), "something is to be lost");
    primary.crash();

    standby.promote();
    write(standby.connect("maplebridge_owner").await, Dice(11), 100, Arc::new(AtomicI64::new(0))).await;
    equals_a_fresh_load(&at_standby, &standby, "promoted").await;
    assert_eq!(at_standby.loads(), 2, "a promotion is a reason to load anew");

    // It takes the place of the primary: the same address, older transactions.
    let statement = format!("alter system set unix_socket_directories = '{}', '{}'", standby.socket(), primary.socket());
    standby.connect("postgres").await.execute(statement.as_str()).await.unwrap();
    standby.crash();
    standby.start();
    equals_a_fresh_load(&at_primary, &standby, "what was lost is forgotten").await;
    write(standby.connect("maplebridge_owner").await, Dice(13), 100, Arc::new(AtomicI64::new(0))).await;
    equals_a_fresh_load(&at_primary, &standby, "and it follows again").await;
    equals_a_fresh_load(&at_standby, &standby, "as the other does").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_slept_past_the_floor_loads_anew_and_who_kept_up_never_does() {
    // a server of its own: another test's open transaction would hold the floor back
    let Some((bin, dirs)) = ready().await else { return };
    let town = Server::primary(&bin, dirs[0].path());
    town.build().await;
    let model = town.model().await;
    let (mut owner, mut feed) = (town.connect("maplebridge_owner").await, town.connect("postgres").await);
    // A transaction that outlasts what is kept: nothing is pruned that it could still bring.
    let mut long = town.connect("maplebridge_owner").await;
    long.execute("begin; update households set household_count = 3 where id = 9").await.unwrap();
    for count in 1..=20 {
        sqlx::query("update households set household_count = $1 where id = 5").bind(count).execute(&mut owner).await.unwrap();
        model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
        feed.execute("select feed.prune(interval '0')").await.unwrap();
    }
    long.execute("commit").await.unwrap();
    model.wait_fresh_within(Duration::from_secs(10)).await.unwrap();
    assert_eq!(model.loads(), 1, "who kept up never loads anew");
    assert_eq!(model.model().households.rows().find(|r| r.id == 9).unwrap().attributes.household_count, 3);

    // Between two polls of the follower it is written and pruned, over and over: sooner than later it is behind the floor.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut rounds = 0;
    while model.loads() == 1 {
        rounds += 1;
        assert!(Instant::now() < deadline, "the floor never passed the follower");
        for _ in 0..3 {
            sqlx::query("update households set household_count = $1 where id = 7").bind(rounds % 50).execute(&mut owner).await.unwrap();
            feed.execute("select feed.prune(interval '0')").await.unwrap();
        }
    }
    model.wait_fresh_within(Duration::from_secs(5)).await.unwrap();
    assert_eq!(i32::from(model.model().households.rows().find(|r| r.id == 7).unwrap().attributes.household_count), rounds % 50);
    assert_eq!(model.model().digest(), town.model().await.model().digest());
}
