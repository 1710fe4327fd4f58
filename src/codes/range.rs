//! Ranges of 15-digit numbers, and sets of them: what a reader's scope is made of.

/// A half-open range of codes on the 15-digit scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeRange {
    /// First code inside.
    pub lo: i64,
    /// First code after.
    pub hi: i64,
}

impl CodeRange {
    /// Whether the code lies inside.
    pub const fn contains(self, code: i64) -> bool {
        self.lo <= code && code < self.hi
    }
}

/// A set of codes as sorted ranges that neither touch nor overlap; empty means nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scope(Vec<CodeRange>);

impl Scope {
    /// The scope that holds nothing.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The scope that holds every code; for the server's own work, never for a user.
    pub fn everything() -> Self {
        Self(vec![CodeRange { lo: 0, hi: 1_000_000_000_000_000 }])
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, sorted.
    pub fn ranges(&self) -> &[CodeRange] {
        &self.0
    }

    /// Whether the code lies inside. O(log ranges).
    pub fn contains(&self, code: i64) -> bool {
        let after = self.0.partition_point(|range| range.lo <= code);
        after > 0 && code < self.0[after - 1].hi
    }

    /// Whether the whole of the range lies inside.
    pub fn covers(&self, range: CodeRange) -> bool {
        let after = self.0.partition_point(|own| own.lo <= range.lo);
        after > 0 && range.hi <= self.0[after - 1].hi
    }

    /// Whether any code of the range lies inside.
    pub fn meets(&self, range: CodeRange) -> bool {
        let after = self.0.partition_point(|own| own.hi <= range.lo);
        self.0.get(after).is_some_and(|own| own.lo < range.hi)
    }

    /// The text PostgreSQL reads as `int8multirange`: `{[330681000000000,330682000000000)}`.
    pub fn to_multirange(&self) -> String {
        let parts: Vec<String> = self.0.iter().map(|r| format!("[{},{})", r.lo, r.hi)).collect();
        format!("{{{}}}", parts.join(","))
    }
}

impl FromIterator<CodeRange> for Scope {
    fn from_iter<I: IntoIterator<Item = CodeRange>>(ranges: I) -> Self {
        let mut ranges: Vec<CodeRange> = ranges.into_iter().filter(|r| r.lo < r.hi).collect();
        ranges.sort_unstable();
        let mut joined: Vec<CodeRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.lo <= last.hi => last.hi = last.hi.max(range.hi),
                _ => joined.push(range),
            }
        }
        Self(joined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(ranges: &[(i64, i64)]) -> Scope {
        ranges.iter().map(|&(lo, hi)| CodeRange { lo, hi }).collect()
    }

    #[test]
    fn ranges_that_touch_are_joined() {
        assert_eq!(scope(&[(5, 7), (1, 3), (3, 5), (9, 10)]).ranges(), scope(&[(1, 7), (9, 10)]).ranges());
        assert_eq!(scope(&[(5, 7), (9, 10)]).to_multirange(), "{[5,7),[9,10)}");
        assert_eq!(Scope::none().to_multirange(), "{}");
    }

    #[test]
    fn a_scope_knows_what_it_holds() {
        let scope = scope(&[(10, 20), (30, 40)]);
        for (code, inside) in [(9, false), (10, true), (19, true), (20, false), (35, true), (40, false)] {
            assert_eq!(scope.contains(code), inside, "{code}");
        }
        assert!(scope.covers(CodeRange { lo: 12, hi: 20 }) && !scope.covers(CodeRange { lo: 12, hi: 21 }));
        assert!(scope.meets(CodeRange { lo: 19, hi: 25 }) && !scope.meets(CodeRange { lo: 20, hi: 30 }));
    }
}
