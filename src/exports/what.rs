//! What can be exported, and the columns of each thing: their names in every format.
//!
//! The names are ones that `import` knows, so that a file comes back in as it went out.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

/// A layer or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum What {
    /// 区域.
    Areas,
    /// 网格.
    Cells,
    /// A point inside each area, where its name stands.
    #[serde(rename = "area_labels")]
    #[value(name = "area_labels")]
    AreaLabels,
    /// A point inside each cell, where its name stands.
    #[serde(rename = "cell_labels")]
    #[value(name = "cell_labels")]
    CellLabels,
    /// 户.
    Households,
    /// 设施.
    Facilities,
    /// 矛盾纠纷: a list without places.
    Incidents,
    /// How densely incidents lie: bands of density for who may open cases, else classes of published numbers by place.
    Heat,
    /// Published numbers of incidents: one entry a place, month and group, with the border of the place.
    Published,
    /// Rivers and lakes of the base map.
    Water,
    /// Roads and rails of the base map.
    Roads,
    /// Woods, parks and other grounds of the base map.
    Landuse,
    /// Buildings of the base map.
    Buildings,
    /// Borders of the base map.
    Boundaries,
    /// Names of settlements of the base map.
    Places,
}

impl What {
    /// The word in addresses and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::Cells => "cells",
            Self::AreaLabels => "area_labels",
            Self::CellLabels => "cell_labels",
            Self::Households => "households",
            Self::Facilities => "facilities",
            Self::Incidents => "incidents",
            Self::Heat => "heat",
            Self::Published => "published",
            Self::Water => "water",
            Self::Roads => "roads",
            Self::Landuse => "landuse",
            Self::Buildings => "buildings",
            Self::Boundaries => "boundaries",
            Self::Places => "places",
        }
    }

    /// What stands in the shape.
    pub const fn shape(self) -> Shape {
        match self {
            Self::Areas | Self::Cells | Self::Heat | Self::Published | Self::Landuse | Self::Buildings => Shape::Polygons,
            Self::Roads | Self::Boundaries => Shape::Lines,
            Self::Water => Shape::Mixed,
            Self::AreaLabels | Self::CellLabels | Self::Households | Self::Facilities | Self::Places => Shape::Point,
            Self::Incidents => Shape::None,
        }
    }

    /// Whether it is a layer of the base map, the same for every reader.
    pub const fn is_base(self) -> bool {
        matches!(self, Self::Water | Self::Roads | Self::Landuse | Self::Buildings | Self::Boundaries | Self::Places)
    }

    /// Whether its point is one inside the stored border.
    pub const fn is_label(self) -> bool {
        matches!(self, Self::AreaLabels | Self::CellLabels)
    }

    /// Whether its rows have a key of the source that brought them.
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::Areas | Self::Cells | Self::Households | Self::Facilities)
    }

    /// Its columns, those of the source's keys aside.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Areas => AREAS,
            Self::Cells => CELLS,
            Self::Households => HOUSEHOLDS,
            Self::Facilities => FACILITIES,
            Self::AreaLabels => AREA_LABELS,
            Self::CellLabels => CELL_LABELS,
            Self::Incidents => INCIDENTS,
            Self::Heat => HEAT,
            Self::Published => PUBLISHED,
            Self::Water | Self::Roads | Self::Landuse | Self::Buildings | Self::Boundaries | Self::Places => BASE_MAP,
        }
    }
}

/// The shape of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Shape {
    Point,
    Lines,
    Polygons,
    Mixed,
    None,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Value {
    Null,
    Text(String),
    Int(i64),
    Real(f64),
    Flag(bool),
    Day(NaiveDate),
}

impl Value {
    /// As a table has it; empty for nothing.
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }
}

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Kind {
    /// Characters at most, as the forms have it.
    Text(u16),
    Int,
    Real,
    Flag,
    Day,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its name where at most ten letters fit.
    pub short: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// What stands in it.
    pub kind: Kind,
}

const fn column(name: &'static str, short: &'static str, zh: &'static str, kind: Kind) -> Column {
    Column { name, short, zh, kind }
}

use Kind::{Day, Flag, Int, Real, Text};

/// The key under which the source of the rows knows them; for who may import.
pub const ORIGIN_KEY: Column = column("origin_key", "origin_key", "来源键", Text(120));

const VALID_FROM: Column = column("valid_from", "valid_from", "生效日期", Day);
const VALID_TO: Column = column("valid_to", "valid_to", "失效日期", Day);
const CELL: Column = column("cell", "cell", "网格代码", Text(15));
const AREA: Column = column("area_code", "area_code", "所在区域代码", Text(15));
const NAME_EN: Column = column("name_en", "name_en", "英文名称", Text(120));

const AREAS: &[Column] = &[
    column("code", "code", "代码", Text(15)),
    column("name_zh", "name_zh", "名称", Text(60)),
    NAME_EN,
    column("level", "level", "层级", Int),
    column("urban_rural_class", "urban_rur", "城乡分类", Text(3)),
    column("household_count", "hh_count", "户数", Int),
];

const CELLS: &[Column] = &[
    column("code", "code", "网格代码", Text(15)),
    column("name_zh", "name_zh", "网格名称", Text(60)),
    NAME_EN,
    column("short_name", "short_name", "简称", Text(30)),
    column("kind", "kind", "网格类型", Text(20)),
    column("village", "village", "村社代码", Text(12)),
    column("village_name", "vill_name", "所属村社", Text(60)),
    column("township_name", "town_name", "所属乡镇", Text(60)),
    column("area_m2", "area_m2", "面积（平方米）", Real),
    column("household_count", "hh_count", "户数", Int),
    VALID_FROM,
    VALID_TO,
];

const AREA_LABELS: &[Column] =
    &[column("code", "code", "代码", Text(15)), column("name_zh", "name_zh", "名称", Text(60)), NAME_EN, column("level", "level", "层级", Int)];

const CELL_LABELS: &[Column] = &[
    column("code", "code", "网格代码", Text(15)),
    column("name_zh", "name_zh", "网格名称", Text(60)),
    NAME_EN,
    column("short_name", "short_name", "简称", Text(30)),
    column("level", "level", "层级", Int),
];

const HOUSEHOLDS: &[Column] = &[
    column("key", "key", "编号", Text(20)),
    column("household_count", "hh_count", "户数", Int),
    column("population_band", "pop_band", "人口段", Text(20)),
    column("dwelling_kind", "dwelling", "住宅类型", Text(20)),
    column("address", "address", "地址", Text(120)),
    CELL,
    AREA,
    VALID_FROM,
    VALID_TO,
];

const FACILITIES: &[Column] = &[
    column("key", "key", "编号", Text(20)),
    column("kind", "kind", "设施类型", Text(20)),
    column("name_zh", "name_zh", "设施名称", Text(80)),
    NAME_EN,
    column("operator", "operator", "运营单位", Text(120)),
    column("capacity", "capacity", "容量", Int),
    column("hours", "hours", "开放时间", Text(120)),
    column("barrier_free", "accessible", "无障碍", Flag),
    column("phone_public", "phone", "公开电话", Text(40)),
    CELL,
    AREA,
    VALID_FROM,
    VALID_TO,
];

const INCIDENTS: &[Column] = &[
    column("key", "key", "编号", Text(20)),
    column("case_no", "case_no", "案件编号", Text(60)),
    column("category", "category", "纠纷类别", Text(20)),
    column("source", "source", "来源", Text(20)),
    column("state", "state", "状态", Text(20)),
    column("occurred_on", "occurred", "发生日期", Day),
    column("discovered_on", "discovered", "发现日期", Day),
    column("due_on", "due_on", "应办结日期", Day),
    column("closed_on", "closed_on", "办结日期", Day),
    column("parties_count", "parties", "涉及人数", Int),
    column("parties_kind", "party_kind", "当事方", Text(20)),
    column("complexity", "complexity", "复杂程度", Text(20)),
    column("risk_level", "risk_level", "风险等级", Text(20)),
    column("summary", "summary", "摘要", Text(400)),
    column("unit_id", "unit_id", "承办单位编号", Text(20)),
    CELL,
    AREA,
    column("escalated", "escalated", "已上报", Flag),
];

/// Bands have no code and name; places have no width. Where nothing is told of a place, it is withheld and has no class.
const HEAT: &[Column] = &[
    column("class", "class", "等级", Int),
    column("from_per_km2_year", "from_dens", "下限（件/平方公里·年）", Real),
    column("to_per_km2_year", "to_dens", "上限（件/平方公里·年）", Real),
    column("withheld", "withheld", "未公布", Flag),
    column("code", "code", "代码", Text(15)),
    column("name_zh", "name_zh", "名称", Text(60)),
    NAME_EN,
    column("level", "level", "层级", Int),
    column("source", "source", "依据", Text(20)),
    column("group", "group", "纠纷组别", Text(40)),
    column("first_day", "first_day", "首日", Day),
    column("last_day", "last_day", "末日", Day),
    column("bandwidth_m", "width_m", "带宽（米）", Real),
];

const PUBLISHED: &[Column] = &[
    column("code", "code", "代码", Text(15)),
    column("name_zh", "name_zh", "名称", Text(60)),
    NAME_EN,
    column("level", "level", "层级", Int),
    column("month", "month", "月份", Text(7)),
    column("group", "group", "纠纷组别", Text(40)),
    column("count", "count", "件数", Int),
    column("threshold", "threshold", "门槛", Int),
];

const BASE_MAP: &[Column] = &[
    column("kind", "kind", "类型", Text(20)),
    column("name_zh", "name_zh", "名称", Text(60)),
    NAME_EN,
    column("min_zoom", "min_zoom", "最小级别", Int),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_fit_into_ten_letters_and_no_two_are_alike() {
        let whats = <What as clap::ValueEnum>::value_variants();
        for what in whats {
            assert_eq!(serde_json::from_value::<What>(what.name().into()).unwrap(), *what);
            assert_eq!(<What as clap::ValueEnum>::from_str(what.name(), false).unwrap(), *what);
        }
        for what in whats {
            let columns = what.columns();
            for (at, own) in columns.iter().enumerate() {
                assert!(own.short.len() <= 10 && own.short.is_ascii(), "{}", own.short);
                assert!(columns[..at].iter().all(|other| other.short != own.short && other.name != own.name && other.zh != own.zh), "{}", own.name);
            }
        }
    }
}
