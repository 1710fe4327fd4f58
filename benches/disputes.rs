//! A change of the filter on the Disputes map, over HTTP against a server process of its own: the analysis asked anew
//! (`POST /api/analyses/NAME`), then all rows of its answer, as the page asks for them. Every question is new to the server,
//! so that no kept answer is given.

use std::fmt::Write as _;
use std::time::Instant;

use maplebridge::users::GrantArea;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::Anyhow;
use crate::client::{Connection, Server, request, token_of};

/// Changes of the filter that are timed.
const CHANGES: usize = 24;
/// The county that `bench/fill.sql` invents.
const COUNTY: &str = "990321";

/// The table as text.
pub(crate) async fn run(url: &str) -> Anyhow<String> {
    let mut conn = PgConnection::connect(url).await?;
    let kinds: Vec<String> = sqlx::query_scalar("select code from incident_categories order by code").fetch_all(&mut conn).await?;
    let (incidents, cells): (i64, i64) =
        sqlx::query_as("select (select count(*) from incidents), (select count(*) from cells)").fetch_one(&mut conn).await?;
    let token = token_of(url, &[GrantArea::parse(COUNTY).map_err(|error| error.to_string())?]).await?;
    let server = Server::start(0)?;
    let mut connection = Connection::open(&server.ours)?;
    // Answers of an earlier run would be given again.
    let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() % 100_000;
    let mut out = format!(
        "{incidents} incidents, {cells} cells; ms, median and nine tenths of {CHANGES} changes\nanalysis | level | incidents counted | rows | POST wall | rows wall | both wall | both CPU of the server\n"
    );
    for (name, level) in [("rates", "cell"), ("hot_spots", "cell"), ("rates", "hex8"), ("hot_spots", "hex8")] {
        let (mut posts, mut pages, mut wholes, mut cpu, mut counted, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0.0, 0, 0);
        for change in 0..=CHANGES {
            // A third of all kinds, each time other ones, over three years.
            let chosen: Vec<&String> = kinds.iter().enumerate().filter(|(n, _)| (n + change) % 3 == 0).map(|(_, kind)| kind).collect();
            let day = format!("2023-{:02}-{:02}", 1 + change / 28, 1 + change % 28);
            let alpha = 0.05 + run as f64 * 1e-9;
            let asked = json!({ "within": COUNTY, "level": level, "category": chosen, "from": day, "to": "2025-12-31", "alpha": alpha });
            let (before, began) = (server.cpu_s()?, Instant::now());
            let headers = "content-type: application/json\r\n";
            let answer = connection.ask(&request("POST", &format!("/api/analyses/{name}"), &token, headers, &asked.to_string()))?;
            if answer.status != 200 {
                return Err(format!("{name}: {} {}", answer.head, String::from_utf8_lossy(&answer.body)).into());
            }
            let posted = began.elapsed().as_secs_f64() * 1e3;
            let result: Value = serde_json::from_slice(&answer.body)?;
            let (mut cursor, mut sum, mut seen) = (String::new(), 0, 0);
            loop {
                let path = format!("/api/analyses/{name}/results/{}?limit=1000{cursor}", result["id"]);
                let page: Value = serde_json::from_slice(&connection.ask(&request("GET", &path, &token, "", ""))?.body)?;
                let items = page["items"].as_array().ok_or("no rows")?;
                sum += items.iter().filter_map(|row| row["count"].as_u64()).sum::<u64>();
                seen += items.len();
                match page["page"]["next"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            let whole = began.elapsed().as_secs_f64() * 1e3;
            // The first one warms up.
            if change > 0 {
                posts.push(posted);
                pages.push(whole - posted);
                wholes.push(whole);
                cpu += (server.cpu_s()? - before) * 1e3;
                (counted, rows) = (sum, seen);
            }
        }
        let [posts, pages, wholes] = [posts, pages, wholes].map(told);
        writeln!(out, "{name} | {level} | {counted} | {rows} | {posts} | {pages} | {wholes} | {:.0}", cpu / CHANGES as f64)?;
    }
    Ok(out)
}

fn told(mut ms: Vec<f64>) -> String {
    ms.sort_by(f64::total_cmp);
    format!("{:.0}, {:.0}", ms[ms.len() / 2], ms[ms.len() * 9 / 10])
}
