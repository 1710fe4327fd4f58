//! Over TCP: CPU of the server for a tile that is not cached, and requests a second for tiles that are.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use maplebridge::mvt::TileId;
use maplebridge::read_model::Reader;
use sqlx::{Connection as _, PgConnection};

use crate::Anyhow;
use crate::client::{Connection, Server, request, token};
use crate::tiles::{CLASSES, list, scope};

/// CPU a side is given at least: it is told in steps of 10 ms.
const CPU_S: f64 = 1.5;
/// Connections that ask at once for what is cached.
const CONNECTIONS: usize = 4;
/// How long a side is asked before the other has its turn.
const TURN: Duration = Duration::from_millis(500);
const TURNS: usize = 16;

/// CPU of the server a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerTile {
    /// Of the whole program, ns.
    pub(crate) ours_ns: f64,
    /// Of a bare handler behind the same door that answers with as many bytes, ns.
    pub(crate) bare_ns: f64,
}

/// Measures both sides in turns. Each tile must come as in `expected`; the server keeps nothing.
pub(crate) fn per_tile(server: &Server, token: &str, layer: &str, list: &[TileId], expected: &[Vec<u8>]) -> Anyhow<PerTile> {
    let (mut ours, mut bare) = (Connection::open(&server.ours)?, Connection::open(&server.guarded)?);
    let of_ours: Vec<Vec<u8>> = list.iter().map(|tile| request("GET", &format!("/tiles/{layer}/{tile}"), token, "", "")).collect();
    let of_bare: Vec<Vec<u8>> = expected.iter().map(|body| request("GET", &format!("/tiles/{}", body.len()), token, "", "")).collect();
    for ((request, expected), bare_request) in of_ours.iter().zip(expected).zip(&of_bare) {
        let answer = ours.ask(request)?;
        if answer.body != *expected {
            return Err(format!("not the tile expected: {}", answer.head).into());
        }
        bare.exchange(bare_request)?;
    }
    let mut cpu = [(0.0, 0_usize); 2];
    while cpu.iter().any(|(cpu_s, _)| *cpu_s < CPU_S) {
        for (side, (connection, requests)) in [(&mut ours, &of_ours), (&mut bare, &of_bare)].into_iter().enumerate() {
            let before = server.cpu_s()?;
            for _ in 0..8 {
                for request in requests {
                    connection.exchange(request)?;
                }
            }
            cpu[side].0 += server.cpu_s()? - before;
            cpu[side].1 += 8 * requests.len();
        }
    }
    let [ours_ns, bare_ns] = cpu.map(|(cpu_s, tiles)| cpu_s * 1e9 / tiles as f64);
    Ok(PerTile { ours_ns, bare_ns })
}

/// Requests a second of tiles kept as gzip, beside the two bare handlers with bodies of the same sizes.
pub(crate) async fn cached(url: &str) -> Anyhow<String> {
    let mut conn = PgConnection::connect(url).await?;
    let townships: i64 = sqlx::query_scalar("select count(*) from areas where level = 9").fetch_one(&mut conn).await?;
    let households: i64 = sqlx::query_scalar("select count(*) from households").fetch_one(&mut conn).await?;
    let reader = Reader { map: scope(townships), ..Reader::default() };
    let token = token(url, reader.map.ranges()).await?;
    let server = Server::start(512 << 20)?;
    let mut out = String::from(
        "layer | zoom | tiles | bytes | side | requests/s | CPU µs a request | share of a bare handler's requests, of one behind the door\n",
    );
    for class in &CLASSES {
        let tiles = list(&mut conn, class, households as usize).await?;
        let mut connection = Connection::open(&server.ours)?;
        let (mut of_ours, mut sizes) = (Vec::new(), Vec::new());
        for tile in tiles {
            let asked = request("GET", &format!("/tiles/{}/{tile}", class.layer), &token, "accept-encoding: gzip\r\n", "");
            let answer = connection.ask(&asked)?;
            let small = answer.status == 204 || answer.body.len() < 200;
            if !(answer.status == 200 && answer.head.contains("content-encoding: gzip") || small) {
                return Err(format!("no packed tile: {}", answer.head).into());
            }
            sizes.push(answer.body.len());
            of_ours.push(asked);
        }
        let of_bare: Vec<Vec<u8>> =
            sizes.iter().map(|bytes| request("GET", &format!("/tiles/{bytes}"), &token, "accept-encoding: gzip\r\n", "")).collect();
        let sides = [("cached tile", &server.ours, &of_ours), ("bare behind the door", &server.guarded, &of_bare), ("bare", &server.bare, &of_bare)];
        let mut counted = [(0_u64, 0.0, 0.0); 3];
        for _ in 0..TURNS {
            for ((_, address, requests), counted) in sides.iter().zip(&mut counted) {
                let (cpu, began) = (server.cpu_s()?, Instant::now());
                counted.0 += ask_all(address, requests)?;
                counted.1 += began.elapsed().as_secs_f64();
                counted.2 += server.cpu_s()? - cpu;
            }
        }
        let rate = counted.map(|(requests, wall_s, _)| requests as f64 / wall_s);
        let mean = sizes.iter().sum::<usize>() / sizes.len().max(1);
        for (i, (name, _, requests)) in sides.iter().enumerate() {
            let cpu_us = counted[i].2 * 1e6 / counted[i].0 as f64;
            let (share, guarded) = (rate[i] / rate[2], rate[i] / rate[1]);
            let (first, last) = (class.zooms.start(), class.zooms.end());
            writeln!(
                out,
                "{} | {first}–{last} | {} | {mean} | {name} | {:.0} | {cpu_us:.1} | {share:.3} | {guarded:.3}",
                class.layer,
                requests.len(),
                rate[i]
            )?;
        }
    }
    Ok(out)
}

/// Asks over several connections for the time of one turn; returns how many answers came.
fn ask_all(address: &str, requests: &[Vec<u8>]) -> Anyhow<u64> {
    let (over, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    let ask = |first: usize| -> Result<(), String> {
        let mut connection = Connection::open(address).map_err(|error| error.to_string())?;
        for request in requests.iter().cycle().skip(first * requests.len() / CONNECTIONS) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let (status, ..) = connection.exchange(request).map_err(|error| error.to_string())?;
            if !(200..300).contains(&status) {
                return Err(format!("status {status}"));
            }
            answers.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    std::thread::scope(|threads| {
        let asking: Vec<_> = (0..CONNECTIONS).map(|first| threads.spawn(move || ask(first))).collect();
        std::thread::sleep(TURN);
        over.store(true, Ordering::Relaxed);
        asking.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err("a thread broke off".into())))
    })?;
    Ok(answers.into_inner())
}
