//! The code lists the house is built with: code, Chinese name, English name. Data that administrators may change later.

use super::lists::ListKind;

type Words = (&'static str, &'static str, &'static str);

/// All lists.
pub(super) const LISTS: &[(ListKind, &[Words])] = &[
    (ListKind::Category, CATEGORIES),
    (ListKind::IncidentSource, SOURCES),
    (ListKind::IncidentState, STATES),
    (
        ListKind::Complexity,
        &[("simple", "简易", "simple"), ("ordinary", "一般", "ordinary"), ("complex", "复杂", "complex"), ("hard", "疑难", "hard")],
    ),
    (
        ListKind::RiskLevel,
        &[
            ("blue", "蓝/蓝色/隐患", "blue"),
            ("yellow", "黄/黄色/一般", "yellow"),
            ("orange", "橙/橙色/关注", "orange"),
            ("red", "红/红色/重点", "red"),
        ],
    ),
    (ListKind::PartiesKind, &[("person", "个人", "person"), ("organisation", "组织/单位", "organisation/organization"), ("group", "群体", "group")]),
    (ListKind::CellKind, &[("general", "综合网格/综合/基础网格/一般网格", "general"), ("dedicated", "专属网格/专属/专业网格", "dedicated")]),
    (ListKind::FacilityKind, FACILITIES),
    (
        ListKind::PopulationBand,
        &[
            ("p1_4", "1–4 人/1-4", "1–4 people"),
            ("p5_9", "5–9 人/5-9", "5–9 people"),
            ("p10_49", "10–49 人/10-49", "10–49 people"),
            ("p50_199", "50–199 人/50-199", "50–199 people"),
            ("p200_plus", "200 人以上/200+", "200 people and more"),
        ],
    ),
    (
        ListKind::DwellingKind,
        &[
            ("apartment", "公寓/楼房/住宅楼", "apartment/apartments"),
            ("house", "独栋/平房/自建房", "house"),
            ("mixed", "商住混合/混合", "mixed"),
            ("dormitory", "宿舍", "dormitory"),
        ],
    ),
    (
        ListKind::UrbanRuralClass,
        &[
            ("111", "主城区", "main urban area"),
            ("112", "城乡结合区", "urban–rural fringe"),
            ("121", "镇中心区", "town centre"),
            ("122", "镇乡结合区", "town–rural fringe"),
            ("123", "特殊区域", "special area"),
            ("210", "乡中心区", "township centre"),
            ("220", "村庄", "village"),
        ],
    ),
];

const CATEGORIES: &[Words] = &[
    ("01", "婚姻家庭", "marriage & family"),
    ("02", "邻里", "neighbours"),
    ("03", "房屋、宅基地", "housing & homestead"),
    ("04", "合同", "contract"),
    ("05", "生产经营", "production & business"),
    ("06", "损害赔偿", "damages"),
    ("07", "山林土地", "forest & land"),
    ("08", "征地拆迁", "expropriation & demolition"),
    ("09", "环境污染", "environment"),
    ("10", "劳动争议", "labour"),
    ("11", "消费", "consumer"),
    ("12", "医疗", "medical"),
    ("13", "道路交通事故", "road accident"),
    ("14", "物业", "property management"),
    ("15", "旅游", "tourism"),
    ("16", "知识产权", "IP"),
    ("17", "互联网", "internet"),
    ("18", "村务管理", "village affairs"),
    ("99", "其他", "other"),
];

const SOURCES: &[Words] = &[
    ("screening", "网格排查/排查/主动调解", "screening"),
    ("walk_in", "群众来访/来访/依申请", "walk-in"),
    ("hotline_12345", "12345热线/12345/热线", "hotline 12345/hotline"),
    ("petition", "信访", "petition"),
    ("police", "警调/警调对接", "police"),
    ("court", "诉调/诉调对接", "court"),
    ("procuratorate", "检调/检调对接", "procuratorate"),
    ("department", "部门/部门移送/委托移送", "department"),
    ("qr", "线上扫码/扫码", "QR/QR code"),
];

const STATES: &[Words] = &[
    ("draft", "草稿", "draft"),
    ("registered", "已登记/登记", "registered"),
    ("accepted", "已受理/受理", "accepted"),
    ("not_accepted", "不予受理", "not accepted"),
    ("merged", "并案", "merged"),
    ("dispatched", "已分流/分流", "dispatched"),
    ("in_process", "调处中/调解中", "in process/in progress"),
    ("returned", "退回", "returned"),
    ("suspended", "中止", "suspended"),
    ("agreed", "达成协议", "agreed"),
    ("not_agreed", "调解不成", "not agreed"),
    ("withdrawn", "撤回", "withdrawn"),
    ("referred", "转其他渠道", "referred"),
    ("confirmed", "司法确认", "confirmed"),
    ("closed", "已办结/办结", "closed"),
    ("followed_up", "已回访/回访", "followed up"),
    ("archived", "已归档/归档", "archived"),
    ("reopened", "反复", "reopened"),
];

const FACILITIES: &[Words] = &[
    ("F01", "社区服务站", "community service post"),
    ("F02", "幼儿园", "kindergarten"),
    ("F03", "老年人日间照料", "elderly day care"),
    ("F04", "文化活动站", "culture post"),
    ("F05", "小型健身场地", "fitness ground"),
    ("F06", "社区商业/便利店", "convenience shop"),
    ("F07", "公共厕所", "toilet"),
    ("F08", "人民调解室(村居)/人民调解室", "village mediation room"),
    ("F09", "志愿服务站", "volunteer post"),
    ("F10", "小学", "primary school"),
    ("F11", "菜市场", "market"),
    ("F12", "社区卫生服务站/村卫生室", "health post"),
    ("F13", "公交站", "bus stop"),
    ("F14", "社区公园", "park"),
    ("F15", "初中", "junior secondary"),
    ("F16", "社区卫生服务中心/乡镇卫生院", "health centre"),
    ("F17", "养老院", "care home"),
    ("F18", "文化活动中心", "culture centre"),
    ("F19", "党群服务中心", "Party–mass service centre"),
    ("F20", "综治中心/社会治理中心", "governance centre"),
    ("F21", "司法所、公共法律服务站", "legal service"),
    ("F22", "派出所/警务室", "police post"),
    ("F23", "社会心理服务站", "psychological service"),
    ("F24", "新时代文明实践所", "civic practice post"),
    ("F25", "人民法庭/共享法庭", "tribunal"),
    ("F26", "劳动仲裁庭", "labour arbitration"),
    ("F27", "医院", "hospital"),
    ("F28", "应急避难场所", "shelter"),
    ("F29", "法律援助中心", "legal aid"),
];
