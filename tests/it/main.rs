//! One integration binary; a file per noun.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests may")]

mod feed;
mod feed_support;
mod tiles;
