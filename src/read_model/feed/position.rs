//! Which snapshot of the database the model equals.

use std::collections::BTreeSet;

/// A snapshot as PostgreSQL prints it: `xmin:xmax:xip,xip…`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Snapshot {
    /// Every transaction below is over.
    pub xmin: u64,
    /// No transaction from here on has begun to be visible.
    pub xmax: u64,
    /// Those between that were still running.
    pub running: Vec<u64>,
}

impl Snapshot {
    /// Reads the text of a `pg_snapshot`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (xmin, xmax) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let running = parts.next()?.split(',').filter(|t| !t.is_empty()).map(|t| t.parse().ok()).collect::<Option<_>>()?;
        parts.next().is_none().then_some(Self { xmin, xmax, running })
    }
}

/// How what was not seen yet is told from what was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// By the snapshot alone: a primary names the running transactions.
    Primary,
    /// By the transactions applied: a standby's snapshots name none.
    Standby,
}

/// What the model has seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The snapshot the model equals.
    pub snapshot: Snapshot,
    /// Transactions from `snapshot.xmin` on whose changes are in the model.
    pub applied: BTreeSet<u64>,
}

impl Seen {
    /// The three parameters of the step's statement.
    pub(super) fn question(&self, rule: Rule) -> (String, Vec<String>, Vec<String>) {
        let texts = |xids: &mut dyn Iterator<Item = &u64>| xids.map(u64::to_string).collect::<Vec<_>>();
        match rule {
            Rule::Primary => (self.snapshot.xmax.to_string(), Vec::new(), texts(&mut self.snapshot.running.iter())),
            Rule::Standby => (self.snapshot.xmin.to_string(), texts(&mut self.applied.iter()), Vec::new()),
        }
    }

    /// Goes on to a snapshot in which these transactions were newly seen.
    pub(super) fn advance(&mut self, to: Snapshot, new: impl IntoIterator<Item = u64>) {
        self.applied.extend(new);
        self.applied = self.applied.split_off(&to.xmin);
        self.snapshot = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_read_as_printed() {
        let snapshot = |xmin, xmax, running: &[u64]| Some(Snapshot { xmin, xmax, running: running.to_vec() });
        assert_eq!(Snapshot::parse("10:20:10,14"), snapshot(10, 20, &[10, 14]));
        assert_eq!(Snapshot::parse("10:10:"), snapshot(10, 10, &[]));
        assert_eq!([Snapshot::parse("10:20"), Snapshot::parse("a:1:"), Snapshot::parse("1:2:3:4")], [None, None, None]);
    }

    #[test]
    fn a_primary_asks_for_what_ran_and_a_standby_for_what_it_did_not_apply() {
        let mut seen = Seen::default();
        seen.advance(Snapshot { xmin: 5, xmax: 9, running: vec![5, 7] }, [4, 6, 8]);
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(seen.question(Rule::Primary), ("9".into(), vec![], texts(&["5", "7"])));
        assert_eq!(seen.question(Rule::Standby), ("5".into(), texts(&["6", "8"]), vec![]));
        seen.advance(Snapshot { xmin: 8, xmax: 9, running: vec![] }, [5, 7]);
        assert_eq!(seen.question(Rule::Standby), ("8".into(), texts(&["8"]), vec![]));
    }
}
