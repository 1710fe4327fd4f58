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
    /// Staff looking at other areas, officials, planners and boards: published numbers from 5 up.
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

    /// The stored word of those who are told published numbers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::K3 => "k3",
            Self::K5 => "k5",
            Self::K10 => "k10",
        }
    }

    /// Reads the word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cases, Self::K3, Self::K5, Self::K10].into_iter().find(|audience| audience.name() == name)
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
    /// Areas of whose cases the user is staff; officials and planners are staff of none.
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

/// How numbers of `area` are told to a user who may know more of a part of it than of the whole; `None`: not at all.
///
/// Where a part is told more freely than the whole (cases of a village beside numbers of its township), the difference of
/// the two would be a number of the other parts that nobody published. So an area is told only where all of it is told
/// alike. Parts of it still are, each as it may.
pub fn told(standing: &Standing, area: AreaCode) -> Option<Audience> {
    let whole = audience(standing, area, false);
    let freer = match whole {
        Audience::K5 => standing.own.meets(area.range()) || standing.cases.meets(area.range()),
        Audience::K3 => standing.cases.meets(area.range()),
        Audience::Cases | Audience::K10 => false,
    };
    (!freer).then_some(whole)
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
        let unit = Standing { cases: Scope::none(), own: scope(&["990321"]), public: false };
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
            ("unit, the county", &unit, "990321", K3, K10),
            ("unit, next county", &unit, "990322", K5, K10),
            ("rights in two cells are none in the village", &halves, "990321001009", K5, K10),
            ("the public has no rights", &public, "990321", K10, K10),
            ("official, planner: staff of no case", &nobody, "990321", K5, K10),
        ] {
            assert_eq!(audience(standing, area(place), false), plain, "{who}");
            assert_eq!(audience(standing, area(place), true), sensitive, "{who}, sensitive");
        }
    }

    #[test]
    fn an_area_is_told_only_where_all_of_it_is_told_alike() {
        let own = Standing { cases: scope(&["990321001009"]), own: scope(&["990321001"]), public: false };
        for (place, expected) in [
            ("990321001009002", Some(Audience::Cases)),
            ("990321001009", Some(Audience::Cases)),
            ("990321001", None),
            ("990321001008", Some(Audience::K3)),
            ("990321", None),
            ("990321002", Some(Audience::K5)),
        ] {
            assert_eq!(told(&own, area(place)), expected, "{place}");
        }
        assert_eq!(told(&Standing { public: true, ..own }, area("990321001")), Some(Audience::K10));
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
