//! Skipping a test aloud: `./test` counts these lines and prints the reasons.

/// Says why the rest of this test cannot run here; return after it. The same reason from several tests is printed once.
#[expect(clippy::print_stderr, reason = "the test harness keeps it, ./test reads it")]
pub(crate) fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
}
