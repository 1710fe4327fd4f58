//! The parts of a legend's sentence that all analyses share.

use super::ground::Ground;
use super::params::{Denominator, Neighbourhood, Params, PlaceLevel};

/// Chinese and English.
pub(super) struct Both {
    pub zh: String,
    pub en: String,
}

fn both(zh: impl Into<String>, en: impl Into<String>) -> Both {
    Both { zh: zh.into(), en: en.into() }
}

/// 网格, cell.
pub(super) fn level(level: PlaceLevel) -> Both {
    match level {
        PlaceLevel::Cell => both("网格", "cell"),
        PlaceLevel::Village => both("村（社区）", "village"),
        PlaceLevel::Township => both("乡镇（街道）", "township"),
        PlaceLevel::Hex7 => both("六边形（H3 7 级）", "hexagon (H3 resolution 7)"),
        PlaceLevel::Hex8 => both("六边形（H3 8 级）", "hexagon (H3 resolution 8)"),
        PlaceLevel::Hex9 => both("六边形（H3 9 级）", "hexagon (H3 resolution 9)"),
    }
}

/// What is counted, how much of it and when.
pub(super) fn counted(ground: &Ground) -> Both {
    let (from, to) = ground.days;
    let (zh, en) = if ground.of_cases { ("", "") } else { ("已发布的至少 ", "at least ") };
    let (zh_kind, en_kind) = if ground.of_cases { ("纠纷", "incidents") } else { ("纠纷", "published incidents") };
    both(
        format!("{from} 至 {to} 的{zh} {} 件{zh_kind}", ground.total()).replace("  ", " "),
        format!("{en}{} {en_kind} from {from} to {to}", ground.total()),
    )
}

/// What it is set against.
pub(super) fn against(params: &Params) -> Both {
    match params.denominator {
        Denominator::Households => both("每千户", "per 1,000 households"),
        Denominator::AreaKm2 => both("每平方公里", "per km²"),
        Denominator::Incidents => both("占全部纠纷的比例", "as a share of incidents of all kinds"),
    }
}

/// Who counts as a neighbour.
pub(super) fn around(params: &Params) -> Both {
    match params.neighbourhood {
        Neighbourhood::Queen => both("与其接壤（含一角）者", "those it touches, in a corner too"),
        Neighbourhood::Rook => both("与其有共同边界者", "those it shares a border with"),
        Neighbourhood::Nearest => both(format!("最近的 {} 个", params.nearest), format!("its nearest {}", params.nearest)),
        Neighbourhood::Band => both(format!("{} 米以内者", params.band_m), format!("those within {} m", params.band_m)),
    }
}

/// `5%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", (share * 10_000.0).round() / 100.0)
}

/// How many units of a denominator a rate is told per.
pub(super) const fn per(params: &Params) -> f64 {
    match params.denominator {
        Denominator::Households => 1_000.0,
        Denominator::AreaKm2 | Denominator::Incidents => 1.0,
    }
}

/// What is said of places that are not judged.
pub(super) fn unjudged(ground: &Ground) -> Both {
    if ground.of_cases {
        both("没有户数或数量太少的不作判断", "where there is no denominator or too little is expected, nothing is said")
    } else {
        both(
            format!("有月份未发布的 {} 个不作判断", ground.withheld_places()),
            format!("{} with a month that is withheld are not judged", ground.withheld_places()),
        )
    }
}
