//! Published incident numbers: made once after a month's end, frozen, and all that readers without case rights are told.
//!
//! [`publish`] makes the tables of townships and months by the rules of `privacy::suppression` and stores them; [`work`]
//! is that as a job, by hand or by the month; [`told`] says what one reader is told of a place, and at which grain, and
//! is asked by [`counts`] (sums over months), by [`series`] (one month after another), by [`mix`] (by kind and channel), by the cards of cells and areas,
//! and by the tiles; [`table`] lists the entries themselves. Rows are read and written in [`store`]. Nothing here reads a case, but for
//! [`counts`], [`series`] and [`mix`], where a reader may open each of the cases counted.

mod counts;
mod mix;
mod month;
mod publish;
mod series;
mod store;
mod table;
mod told;
mod work;

pub use counts::{level, names};
pub use month::Month;
pub use publish::{Done, Wanted};
pub use store::{groups, known};
pub use table::Telling;
pub use told::{CLASSES, Grain, IncidentSum, Period, Question, class_of, of_place, rate_of};
pub use work::{every_month, publish_last_month, run};

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;

use crate::context::Context;

/// The routes of published numbers.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Context: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new().merge(table::routes()).merge(counts::routes()).merge(series::routes()).merge(mix::routes())
}
