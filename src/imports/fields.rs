//! The fields of each noun, with the headings that are known to mean them.
//!
//! A field is found by its headings in the order they stand here; letters' case, blanks, underscores, brackets and
//! full-width forms make no difference.

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noun {
    /// 区域.
    Areas,
    /// 网格.
    Cells,
    /// 户.
    Households,
    /// 设施.
    Facilities,
    /// 矛盾纠纷.
    Incidents,
}

impl Noun {
    /// All, in the order in which files are loaded.
    pub const ALL: [Self; 5] = [Self::Areas, Self::Cells, Self::Households, Self::Facilities, Self::Incidents];

    /// The word on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::Cells => "cells",
            Self::Households => "households",
            Self::Facilities => "facilities",
            Self::Incidents => "incidents",
        }
    }

    /// Reads that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|noun| noun.name() == text)
    }

    /// Its fields.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Areas => AREAS,
            Self::Cells => CELLS,
            Self::Households => HOUSEHOLDS,
            Self::Facilities => FACILITIES,
            Self::Incidents => INCIDENTS,
        }
    }

    /// Whether rows have points (else polygons).
    pub const fn is_point(self) -> bool {
        matches!(self, Self::Households | Self::Facilities | Self::Incidents)
    }
}

/// A field of any noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the tables below give each its Chinese name")]
pub enum FieldId {
    Code,
    Name,
    NameEn,
    UrbanRural,
    TownshipCode,
    TownshipName,
    VillageCode,
    Kind,
    ValidFrom,
    Longitude,
    Latitude,
    Wkt,
    HouseholdCount,
    PopulationBand,
    DwellingKind,
    Cell,
    Operator,
    Capacity,
    Hours,
    BarrierFree,
    Phone,
    CaseNo,
    Category,
    Source,
    OccurredOn,
    DiscoveredAt,
    PartiesCount,
    PartiesKind,
    Complexity,
    RiskLevel,
    State,
    Summary,
}

impl FieldId {
    /// How many there are.
    pub const COUNT: usize = Self::Summary as usize + 1;
}

/// Whether a field must have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without a column the file is refused, without a value the row.
    Required,
    /// May be absent.
    Optional,
    /// Without a column or value this is taken.
    Default(&'static str),
}

/// A field and how it is found.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Which.
    pub id: FieldId,
    /// The name on the command line and in JSON.
    pub name: &'static str,
    /// The Chinese name.
    pub zh: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// Whether it holds dates, whose order of day and month a scan must settle.
    pub is_date: bool,
    /// Other headings, the likeliest first.
    pub headings: &'static [&'static str],
}

const fn field(id: FieldId, name: &'static str, zh: &'static str, need: Need, headings: &'static [&'static str]) -> Field {
    Field { id, name, zh, need, is_date: false, headings }
}

const fn date(id: FieldId, name: &'static str, zh: &'static str, need: Need, headings: &'static [&'static str]) -> Field {
    Field { id, name, zh, need, is_date: true, headings }
}

use FieldId as F;
use Need::{Default, Optional, Required};

const LON: Field =
    field(F::Longitude, "lon", "经度", Optional, &["longitude", "lng", "long", "东经", "x坐标", "横坐标", "坐标x", "x", "easting", "point_x"]);
const LAT: Field = field(F::Latitude, "lat", "纬度", Optional, &["latitude", "北纬", "y坐标", "纵坐标", "坐标y", "y", "northing", "point_y"]);
const WKT: Field = field(F::Wkt, "wkt", "图形", Optional, &["geometry", "geom", "the_geom", "wkt_geom", "shape", "几何", "边界", "图形wkt"]);
const VALID_FROM: Field = date(F::ValidFrom, "valid_from", "生效日期", Optional, &["启用日期", "生效时间", "effective_on", "start_date"]);
const CELL: Field = field(F::Cell, "cell", "网格代码", Optional, &["网格编码", "网格编号", "所属网格代码", "cell_code", "grid_code", "grid"]);

const AREAS: &[Field] = &[
    field(
        F::Code,
        "code",
        "代码",
        Optional,
        &[
            "区划代码",
            "行政区划代码",
            "统计用区划代码",
            "村社代码",
            "村代码",
            "村(社区)代码",
            "社区代码",
            "adcode",
            "code12",
            "area_code",
            "villcode",
            "geoid",
        ],
    ),
    field(
        F::Name,
        "name",
        "名称",
        Required,
        &[
            "区划名称",
            "区县名称",
            "县区名称",
            "村社名称",
            "村名",
            "社区名称",
            "村(社区)名称",
            "name_zh",
            "villname",
            "area_name",
            "community",
            "district",
            "ntaname",
        ],
    ),
    field(F::NameEn, "name_en", "英文名称", Optional, &["英文名", "english_name", "villeng", "name:en"]),
    field(F::UrbanRural, "urban_rural_class", "城乡分类", Optional, &["城乡分类代码", "urban_rural", "urban_rural_code", "urban_rur"]),
    field(F::TownshipCode, "township_code", "乡镇代码", Optional, &["街道代码", "乡镇街道代码", "镇代码", "towncode", "street_code"]),
    field(F::TownshipName, "township_name", "乡镇名称", Optional, &["街道名称", "乡镇街道名称", "乡镇", "街道", "townname", "street_name"]),
    VALID_FROM,
    WKT,
];

const CELLS: &[Field] = &[
    field(F::Code, "code", "网格代码", Optional, &["网格编码", "网格编号", "cell_code", "grid_code", "code15", "代码", "编码"]),
    field(F::Name, "name", "网格名称", Optional, &["名称", "cell_name", "grid_name", "name_zh", "community", "ntaname", "geo_displa"]),
    field(F::Kind, "kind", "网格类型", Default("general"), &["类型", "网格类别", "cell_kind", "grid_kind", "type"]),
    field(F::VillageCode, "village", "村社代码", Optional, &["村(社区)代码", "社区代码", "village_code", "community_code"]),
    VALID_FROM,
    WKT,
];

const HOUSEHOLDS: &[Field] = &[
    LON,
    LAT,
    WKT,
    field(F::HouseholdCount, "household_count", "户数", Default("1"), &["households", "住户数", "总户数", "hh_count"]),
    field(F::PopulationBand, "population_band", "人口段", Optional, &["人口规模", "人数段", "pop_band"]),
    field(F::DwellingKind, "dwelling_kind", "住宅类型", Optional, &["房屋类型", "建筑类型", "dwelling"]),
    CELL,
    VALID_FROM,
];

const FACILITIES: &[Field] = &[
    field(F::Kind, "kind", "设施类型", Required, &["类型", "设施类别", "类别", "facility_kind", "facility_type", "category", "type", "amenity"]),
    field(F::Name, "name", "设施名称", Required, &["名称", "facility", "facility_name", "name_zh"]),
    field(F::NameEn, "name_en", "英文名称", Optional, &["英文名", "english_name", "name:en"]),
    LON,
    LAT,
    WKT,
    field(F::Operator, "operator", "运营单位", Optional, &["主管单位", "管理单位", "运营方"]),
    field(F::Capacity, "capacity", "容量", Optional, &["规模", "床位数", "座位数", "学位数"]),
    field(F::Hours, "hours", "开放时间", Optional, &["营业时间", "服务时间", "opening_hours"]),
    field(F::BarrierFree, "barrier_free", "无障碍", Optional, &["无障碍设施", "wheelchair", "accessible"]),
    field(F::Phone, "phone_public", "公开电话", Optional, &["服务电话", "联系电话", "public_phone", "phone"]),
    CELL,
    VALID_FROM,
];

const INCIDENTS: &[Field] = &[
    field(F::CaseNo, "case_no", "案件编号", Optional, &["编号", "案号", "工单编号", "case_number", "unique_key", "incident_number"]),
    field(F::Category, "category", "纠纷类别", Required, &["类别", "纠纷类型", "矛盾纠纷类别", "矛盾纠纷类型", "事件类型", "complaint_type"]),
    field(F::Source, "source", "来源", Required, &["案件来源", "纠纷来源", "来源渠道"]),
    date(F::OccurredOn, "occurred_on", "发生日期", Optional, &["发生时间", "日期", "date", "occurred", "created_date"]),
    date(F::DiscoveredAt, "discovered_at", "发现时间", Optional, &["登记时间", "受理时间", "上报时间", "created_at", "discovered"]),
    LON,
    LAT,
    WKT,
    field(F::PartiesCount, "parties_count", "涉及人数", Optional, &["当事人数", "人数"]),
    field(F::PartiesKind, "parties_kind", "当事方", Optional, &["当事人类型", "当事方类型"]),
    field(F::Complexity, "complexity", "复杂程度", Optional, &["难易程度", "难度"]),
    field(F::RiskLevel, "risk_level", "风险等级", Optional, &["预警等级", "风险级别", "risk"]),
    field(F::State, "state", "状态", Default("registered"), &["办理状态", "处理状态", "status"]),
    field(F::Summary, "summary", "摘要", Optional, &["简要情况", "事件概述", "事由", "description"]),
    CELL,
];
