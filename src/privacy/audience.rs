//! Who sees what of incidents: one question, four answers.
//!
//! Where rights come from is `users`' business, which kinds are sensitive stands in the code list; this page only
//! holds the rule that binds them.

use crate::codes::{AreaCode, Level, Scope};

/// How incident numbers of an area may be told, freest first: the greater of two audiences is the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// May open each of the cases counted: true counts, lists, free filters.
    Cases,
    /// Staff in their own area without case rights: published numbers from 3 up.
    K3,
    /// Staff looking at other areas, and boards: published numbers from 5 up.
    K5,
    /// The public, and sensitive kinds: published numbers from 10 up, one level coarser.
    K10,
}

impl Audience {
    /// The smallest number of incidents that may be told; `None` where every number may.
    pub const fn threshold(self) -> Option<u32> {
        match self {
            Self::Cases => None,
            Self::K3 => Some(3),
            Self::K5 => Some(5),
            Self::K10 => Some(10),
        }
    }

    /// The narrowest level at which this audience is told numbers: the cell, one level coarser for K10.
    pub const fn finest_level(self) -> Level {
        match self {
            Self::Cases | Self::K3 | Self::K5 => Level::Cell,
            Self::K10 => Level::Village,
        }
    }

    /// The level at which to answer when numbers by `wanted` are asked for: `wanted`, or the finest that is allowed.
    pub fn level_for(self, wanted: Level) -> Level {
        wanted.min(self.finest_level())
    }
}

/// What a user may, as far as incidents are concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Areas in which the user may open each case.
    pub cases: Scope,
    /// Areas in which the user is staff.
    pub own: Scope,
    /// A reader of open data; whatever the scopes say, such a reader has no rights.
    pub public: bool,
}

/// How incidents of `area` may be told to a user.
///
/// * `area` – what the number speaks of; rights must cover the whole of it, a part is not enough
/// * `sensitive` – the kind is family violence, minors, medical or psychological; a number over several kinds of
///   which one is sensitive is sensitive
///
/// A number over several areas is told as to the greatest of their audiences.
pub fn audience(standing: &Standing, area: AreaCode, sensitive: bool) -> Audience {
    if standing.public {
        Audience::K10
    } else if standing.cases.covers(area.range()) {
        Audience::Cases
    } else if sensitive {
        Audience::K10
    } else if standing.own.covers(area.range()) {
        Audience::K3
    } else {
        Audience::K5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(text: &str) -> AreaCode {
        AreaCode::parse(text).unwrap()
    }

    fn scope(codes: &[&str]) -> Scope {
        codes.iter().map(|code| area(code).range()).collect()
    }

    #[test]
    fn the_table_of_audiences() {
        use Audience::{Cases, K3, K5, K10};
        let supervisor = Standing { cases: scope(&["990321001009002"]), own: scope(&["990321001"]), public: false };
        let centre = Standing { cases: scope(&["990321"]), own: scope(&["990321"]), public: false };
        let planner = Standing { cases: Scope::none(), own: scope(&["990321"]), public: false };
        let halves = Standing { cases: scope(&["990321001009001", "990321001009002"]), own: Scope::none(), public: false };
        let public = Standing { public: true, ..centre.clone() };
        let nobody = Standing::default();
        for (who, standing, place, plain, sensitive) in [
            ("supervisor, own cell", &supervisor, "990321001009002", Cases, Cases),
            ("supervisor, next cell", &supervisor, "990321001009003", K3, K10),
            ("supervisor, own village: not all cells", &supervisor, "990321001009", K3, K10),
            ("supervisor, own county: more than the own area", &supervisor, "990321", K5, K10),
            ("supervisor, other township", &supervisor, "990321002", K5, K10),
            ("centre, a cell", &centre, "990321001009002", Cases, Cases),
            ("centre, the county", &centre, "990321", Cases, Cases),
            ("centre, the city", &centre, "9903", K5, K10),
            ("planner, the county", &planner, "990321", K3, K10),
            ("planner, next county", &planner, "990322", K5, K10),
            ("rights in two cells are none in the village", &halves, "990321001009", K5, K10),
            ("the public has no rights", &public, "990321", K10, K10),
            ("no grant at all", &nobody, "990321", K5, K10),
        ] {
            assert_eq!(audience(standing, area(place), false), plain, "{who}");
            assert_eq!(audience(standing, area(place), true), sensitive, "{who}, sensitive");
        }
    }

    #[test]
    fn stricter_audiences_have_higher_thresholds_and_coarser_levels() {
        let all = [Audience::Cases, Audience::K3, Audience::K5, Audience::K10];
        assert_eq!(all.map(Audience::threshold), [None, Some(3), Some(5), Some(10)]);
        assert!(all.is_sorted());
        assert_eq!(all.map(|a| a.level_for(Level::Cell)), [Level::Cell, Level::Cell, Level::Cell, Level::Village]);
        assert_eq!(all.map(|a| a.level_for(Level::Township)), [Level::Township; 4]);
    }

    #[test]
    fn an_audience_is_written_in_small_letters() {
        let all = [Audience::Cases, Audience::K3, Audience::K5, Audience::K10];
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"["cases","k3","k5","k10"]"#);
    }
}
