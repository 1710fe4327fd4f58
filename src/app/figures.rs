//! How many requests were answered, how and how fast: by template of the route, method and class of the status.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::App;

/// Upper ends of the classes of duration, seconds.
const BUCKETS_S: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// What has no route of its own: the page and its files, and addresses that are not there.
const PAGE: &str = "page";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Kind {
    route: Cow<'static, str>,
    method: &'static str,
    class: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Durations {
    /// Not running sums: each request is in one class.
    counts: [u64; BUCKETS_S.len() + 1],
    sum_s: f64,
}

/// The figures of this process since its start.
#[derive(Debug, Default)]
pub struct Figures(Mutex<FxHashMap<Kind, Durations>>);

impl Figures {
    /// Counts an answer that was given before the routes, `GET` of a route by its template.
    pub(super) fn add_prompt(&self, route: &'static str, status: StatusCode, took: Duration) {
        self.add(Kind { route: Cow::Borrowed(route), method: "GET", class: status.as_u16() / 100 }, took);
    }

    fn add(&self, kind: Kind, took: Duration) {
        let seconds = took.as_secs_f64();
        let class = BUCKETS_S.partition_point(|&end| end < seconds);
        let mut all = self.0.lock();
        let durations = all.entry(kind).or_default();
        durations.counts[class] += 1;
        durations.sum_s += seconds;
    }

    /// The histogram in the text form of Prometheus.
    pub(super) fn text(&self) -> String {
        let mut rows: Vec<(Kind, Durations)> = self.0.lock().iter().map(|(kind, durations)| (kind.clone(), *durations)).collect();
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let name = "maplebridge_http_request_seconds";
        let mut out = format!("# HELP {name} Time to the answer by route, method and class of the status\n# TYPE {name} histogram\n");
        for (Kind { route, method, class }, Durations { counts, sum_s }) in rows {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{class}xx\"");
            let mut running = 0;
            let ends = BUCKETS_S.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            for (count, end) in counts.iter().zip(ends) {
                running += count;
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{end}\"}} {running}");
            }
            let _ = writeln!(out, "{name}_sum{{{labels}}} {sum_s}\n{name}_count{{{labels}}} {running}");
        }
        out
    }
}

/// Measures every request.
pub(super) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or(Cow::Borrowed(PAGE), |path| Cow::Owned(path.as_str().to_owned()));
    let method = known(request.method());
    let response = next.run(request).await;
    app.figures.add(Kind { route, method, class: response.status().as_u16() / 100 }, began.elapsed());
    response
}

/// A label has few values: a method that somebody made up is `OTHER`.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_counted_once_in_every_class_that_holds_it() {
        let figures = Figures::default();
        let kind = Kind { route: "/api/cells/{code}".into(), method: "GET", class: 2 };
        for milliseconds in [1, 20, 20_000] {
            figures.add(kind.clone(), Duration::from_millis(milliseconds));
        }
        let text = figures.text();
        let labels = "route=\"/api/cells/{code}\",method=\"GET\",status=\"2xx\"";
        for (end, count) in [("0.005", 1), ("0.025", 2), ("10", 2), ("+Inf", 3)] {
            assert!(text.contains(&format!("_bucket{{{labels},le=\"{end}\"}} {count}\n")), "{end}: {text}");
        }
        assert!(text.contains(&format!("_count{{{labels}}} 3\n")) && text.contains(&format!("_sum{{{labels}}} 20.021\n")), "{text}");
    }
}
