//! What incidents are like: shares, seasons, sources, sentences. The shares are those of `DOMAIN`.

/// The categories with their share in a rural county and in a mid-size city (per 1,000), where they gather
/// (−1 country, 0 anywhere, 1 town), and their weight by month from January.
pub(super) struct Category {
    pub(super) code: &'static str,
    pub(super) share: [f64; 2],
    pub(super) lean: i8,
    pub(super) months: [f64; 12],
    pub(super) sentences: [&'static str; 2],
}

const EVEN: [f64; 12] = [1.0, 0.8, 1.0, 1.0, 1.05, 1.05, 1.05, 1.05, 1.0, 1.0, 1.0, 1.0];
const SUMMER: [f64; 12] = [0.8, 0.8, 0.85, 0.95, 1.1, 1.3, 1.45, 1.4, 1.1, 0.9, 0.75, 0.75];
const FIELDS: [f64; 12] = [0.7, 0.8, 1.3, 1.4, 1.2, 0.95, 0.85, 0.9, 1.2, 1.25, 0.9, 0.7];
const FEAST: [f64; 12] = [1.3, 1.4, 1.0, 0.95, 0.95, 0.9, 0.95, 0.95, 0.95, 1.0, 0.9, 1.0];
const BUILDING: [f64; 12] = [0.7, 0.6, 1.1, 1.2, 1.2, 1.1, 1.0, 1.0, 1.1, 1.2, 1.1, 0.8];

const fn category(code: &'static str, share: [f64; 2], lean: i8, months: [f64; 12], sentences: [&'static str; 2]) -> Category {
    Category { code, share, lean, months, sentences }
}

/// All 19 categories.
pub(super) const CATEGORIES: [Category; 19] = [
    category("01", [109.0, 184.0], 0, FEAST, ["夫妻因家庭琐事争执，要求调解。", "兄弟姐妹就赡养老人分担发生分歧。"]),
    category("02", [281.0, 320.0], 0, SUMMER, ["邻里因噪声扰民发生争执。", "相邻住户因通道堆物发生争执。"]),
    category("03", [38.0, 77.0], 0, BUILDING, ["宅基地界址不清，双方各执一词。", "翻建房屋影响相邻住户采光。"]),
    category("04", [35.0, 51.0], 1, EVEN, ["租赁合同押金退还发生争议。", "装修合同工期延误，要求赔偿。"]),
    category("05", [22.0, 36.0], 1, EVEN, ["摊位经营范围发生争议。", "合伙经营账目不清，要求清算。"]),
    category("06", [75.0, 87.0], 0, EVEN, ["饲养的犬只伤人，赔偿数额未谈拢。", "施工造成墙体开裂，要求赔偿。"]),
    category("07", [237.0, 21.0], -1, FIELDS, ["承包地边界发生争议。", "林地经营权归属发生争议。"]),
    category("08", [53.0, 32.0], -1, BUILDING, ["征地青苗补偿标准发生争议。", "拆迁安置面积认定发生争议。"]),
    category("09", [12.0, 5.0], 0, SUMMER, ["加工点气味扰民，要求整改。", "餐馆油烟排放影响楼上住户。"]),
    category(
        "10",
        [36.0, 15.0],
        1,
        [2.6, 1.2, 0.6, 0.65, 0.7, 0.75, 0.75, 0.75, 0.8, 0.8, 1.1, 1.9],
        ["工程结束后工资拖欠，要求支付。", "解除劳动关系的补偿发生争议。"],
    ),
    category("11", [13.0, 8.0], 1, EVEN, ["所购家电质量问题，退换发生争议。", "预付卡退费发生争议。"]),
    category("12", [16.0, 63.0], 0, EVEN, ["对诊疗结果有异议，要求说明。", "医疗费用承担发生争议。"]),
    category("13", [30.0, 38.0], 0, EVEN, ["电动车与行人相碰，赔偿未谈拢。", "村道会车刮擦，责任认定有分歧。"]),
    category("14", [12.0, 1.0], 1, SUMMER, ["物业服务与收费发生争议。", "小区停车位分配发生争议。"]),
    category("15", [2.0, 1.0], 0, SUMMER, ["民宿预订退款发生争议。", "景点收费发生争议。"]),
    category("16", [1.0, 0.5], 1, EVEN, ["店招图样使用发生争议。", "产品外观相似发生争议。"]),
    category("17", [3.0, 0.5], 1, EVEN, ["网购退款发生争议。", "直播带货质量发生争议。"]),
    category("18", [10.0, 2.0], -1, FEAST, ["村集体收益分配有异议。", "村务公开内容有异议。"]),
    category("99", [15.0, 60.0], 0, EVEN, ["其他民间纠纷，要求调解。", "公共区域使用发生争议。"]),
];

/// Sources with their share in per cent.
pub(super) const SOURCES: [(&str, f64); 9] = [
    ("screening", 52.4),
    ("walk_in", 24.5),
    ("hotline_12345", 11.0),
    ("petition", 2.6),
    ("police", 2.4),
    ("court", 1.3),
    ("procuratorate", 0.4),
    ("department", 1.9),
    ("qr", 3.5),
];

/// Complexities: share in per cent, and days from registration to closing as a range.
pub(super) const COMPLEXITIES: [(&str, f64, [f64; 2]); 4] =
    [("simple", 46.0, [0.0, 2.0]), ("ordinary", 39.0, [2.0, 9.0]), ("complex", 13.0, [8.0, 30.0]), ("hard", 2.0, [30.0, 120.0])];

/// The first day of the year by the moon, for the years there are; else 5 February.
pub(super) const fn spring_festival(year: i32) -> (u32, u32) {
    match year {
        2018 => (2, 16),
        2020 => (1, 25),
        2021 => (2, 12),
        2022 => (2, 1),
        2023 => (1, 22),
        2024 => (2, 10),
        2025 => (1, 29),
        2026 => (2, 17),
        2027 => (2, 6),
        2028 => (1, 26),
        2029 => (2, 13),
        2030 => (2, 3),
        2031 => (1, 23),
        2032 => (2, 11),
        _ => (2, 5),
    }
}
