//! Invented names, Chinese with their pinyin: no list of real places is used, and none is meant.

use super::dice::Dice;

/// A name: Chinese, and pinyin with a capital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) zh: String,
    pub(super) en: String,
}

/// A name with the words for its kind after it: 茶亭 + 社区, Chating + Community.
pub(super) fn with_kind(name: &Name, zh: &str, en: &str) -> Name {
    Name { zh: format!("{}{zh}", name.zh), en: format!("{} {en}", name.en) }
}

/// The first townships of 枫溪县, the seven that the design is drawn with first.
pub(super) const FENGXI: [(&str, &str, Kind); 13] = [
    ("枫溪", "Fengxi", Kind::Subdistrict),
    ("望枫", "Wangfeng", Kind::Subdistrict),
    ("栎桥", "Liqiao", Kind::Town),
    ("石湾", "Shiwan", Kind::Town),
    ("南渡", "Nandu", Kind::Town),
    ("鹤亭", "Heting", Kind::Town),
    ("白沙", "Baisha", Kind::Town),
    ("云岭", "Yunling", Kind::Township),
    ("青槐", "Qinghuai", Kind::Township),
    ("溪口", "Xikou", Kind::Township),
    ("桐坞", "Tongwu", Kind::Township),
    ("大源", "Dayuan", Kind::Township),
    ("梅岗", "Meigang", Kind::Township),
];

/// Communities of 枫溪街道 in the order of their codes.
pub(super) const FENGXI_COMMUNITIES: [(&str, &str); 24] = [
    ("文昌", "Wenchang"),
    ("望江", "Wangjiang"),
    ("双桥", "Shuangqiao"),
    ("平安", "Ping'an"),
    ("荷塘", "Hetang"),
    ("桂湾", "Guiwan"),
    ("安和", "Anhe"),
    ("东屏", "Dongping"),
    ("茶亭", "Chating"),
    ("柳塘", "Liutang"),
    ("官塘", "Guantang"),
    ("新渡", "Xindu"),
    ("竹园", "Zhuyuan"),
    ("湖边", "Hubian"),
    ("西屏", "Xiping"),
    ("泉井", "Quanjing"),
    ("古槐", "Guhuai"),
    ("禾丰", "Hefeng"),
    ("沙埠", "Shabu"),
    ("北岭", "Beiling"),
    ("金坪", "Jinping"),
    ("杏花", "Xinghua"),
    ("前溪", "Qianxi"),
    ("后溪", "Houxi"),
];

/// What a township is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// 街道, codes 001–099.
    Subdistrict,
    /// 镇, codes 100–199; the first here is 101.
    Town,
    /// 乡, codes 200–399; the first here is 201.
    Township,
}

impl Kind {
    /// The words after a name.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Subdistrict => ("街道", "Subdistrict"),
            Self::Town => ("镇", "Town"),
            Self::Township => ("乡", "Township"),
        }
    }

    /// The serial before the first one of its kind.
    pub(super) const fn base(self) -> i64 {
        match self {
            Self::Subdistrict => 0,
            Self::Town => 100,
            Self::Township => 200,
        }
    }
}

/// One county of the invented city: number within the city, name, words of its kind, how urban it is (0–1).
pub(super) const COUNTIES: [(i64, &str, &str, &str, &str, f64); 8] = [
    (21, "枫溪", "Fengxi", "县", "County", 0.42),
    (2, "澄湖", "Chenghu", "区", "District", 0.72),
    (3, "屏山", "Pingshan", "区", "District", 0.60),
    (22, "桐浦", "Tongpu", "县", "County", 0.40),
    (23, "云源", "Yunyuan", "县", "County", 0.36),
    (24, "梅川", "Meichuan", "县", "County", 0.38),
    (25, "竹屏", "Zhuping", "县", "County", 0.34),
    (81, "安澜", "Anlan", "市", "City", 0.48),
];

const FIRST: [(&str, &str); 44] = [
    ("松", "Song"),
    ("柳", "Liu"),
    ("石", "Shi"),
    ("新", "Xin"),
    ("桂", "Gui"),
    ("梅", "Mei"),
    ("竹", "Zhu"),
    ("荷", "He"),
    ("古", "Gu"),
    ("上", "Shang"),
    ("下", "Xia"),
    ("西", "Xi"),
    ("东", "Dong"),
    ("沙", "Sha"),
    ("官", "Guan"),
    ("白", "Bai"),
    ("后", "Hou"),
    ("前", "Qian"),
    ("林", "Lin"),
    ("禾", "He"),
    ("青", "Qing"),
    ("长", "Chang"),
    ("泉", "Quan"),
    ("桐", "Tong"),
    ("杏", "Xing"),
    ("双", "Shuang"),
    ("北", "Bei"),
    ("南", "Nan"),
    ("金", "Jin"),
    ("大", "Da"),
    ("小", "Xiao"),
    ("高", "Gao"),
    ("里", "Li"),
    ("外", "Wai"),
    ("横", "Heng"),
    ("清", "Qing"),
    ("水", "Shui"),
    ("黄", "Huang"),
    ("枣", "Zao"),
    ("樟", "Zhang"),
    ("杨", "Yang"),
    ("龙", "Long"),
    ("鹤", "He"),
    ("雁", "Yan"),
];

const SECOND: [(&str, &str); 36] = [
    ("岭", "ling"),
    ("塘", "tang"),
    ("磴", "deng"),
    ("渡", "du"),
    ("湾", "wan"),
    ("坞", "wu"),
    ("园", "yuan"),
    ("亭", "ting"),
    ("坂", "ban"),
    ("源", "yuan"),
    ("埠", "bu"),
    ("溪", "xi"),
    ("头", "tou"),
    ("丰", "feng"),
    ("埂", "geng"),
    ("井", "jing"),
    ("坑", "keng"),
    ("桥", "qiao"),
    ("坪", "ping"),
    ("屏", "ping"),
    ("路", "lu"),
    ("岗", "gang"),
    ("田", "tian"),
    ("畈", "fan"),
    ("洲", "zhou"),
    ("沟", "gou"),
    ("垅", "long"),
    ("店", "dian"),
    ("墩", "dun"),
    ("浦", "pu"),
    ("口", "kou"),
    ("山", "shan"),
    ("圩", "wei"),
    ("村", "cun"),
    ("港", "gang"),
    ("洋", "yang"),
];

/// Every two-syllable name once, in the order of the dice.
pub(super) fn deck(dice: &mut Dice) -> Vec<Name> {
    let mut names: Vec<Name> = FIRST
        .iter()
        .flat_map(|a| SECOND.iter().map(move |b| Name { zh: format!("{}{}", a.0, b.0), en: format!("{}{}", a.1, b.1) }))
        .filter(|name| !FENGXI.iter().any(|f| f.0 == name.zh) && !FENGXI_COMMUNITIES.iter().any(|f| f.0 == name.zh))
        .collect();
    dice.shuffle(&mut names);
    names
}

/// Names of streets, without the word for street.
pub(super) const STREETS: [(&str, &str); 40] = [
    ("人民", "Renmin"),
    ("解放", "Jiefang"),
    ("文昌", "Wenchang"),
    ("中山", "Zhongshan"),
    ("建设", "Jianshe"),
    ("和平", "Heping"),
    ("枫桥", "Fengqiao"),
    ("学府", "Xuefu"),
    ("滨江", "Binjiang"),
    ("望江", "Wangjiang"),
    ("东湖", "Donghu"),
    ("西溪", "Xixi"),
    ("桂花", "Guihua"),
    ("香樟", "Xiangzhang"),
    ("银杏", "Yinxing"),
    ("梧桐", "Wutong"),
    ("青云", "Qingyun"),
    ("朝阳", "Chaoyang"),
    ("新华", "Xinhua"),
    ("光明", "Guangming"),
    ("胜利", "Shengli"),
    ("团结", "Tuanjie"),
    ("友谊", "Youyi"),
    ("健康", "Jiankang"),
    ("体育", "Tiyu"),
    ("车站", "Chezhan"),
    ("工农", "Gongnong"),
    ("兴业", "Xingye"),
    ("富民", "Fumin"),
    ("安居", "Anju"),
    ("康宁", "Kangning"),
    ("长春", "Changchun"),
    ("南门", "Nanmen"),
    ("北门", "Beimen"),
    ("东门", "Dongmen"),
    ("西门", "Ximen"),
    ("古塔", "Guta"),
    ("书院", "Shuyuan"),
    ("荷风", "Hefeng"),
    ("柳岸", "Liu'an"),
];
