//! Facilities: what a community, a township and a county of this kind would have, and the gaps that are planted.

use super::areas::{area_code, code};
use super::dice::Dice;
use super::divide::{Division, Use, Village};
use super::homes::Plot;
use super::land::{Land, point};
use super::mesh::Mesh;
use super::names::Kind;
use super::truth::ServiceGap;
use super::world::Facility;
use crate::codes::Level;

/// A kind of facility at one tier: how many a place of that tier has on average, its words, and its usual terms.
struct Supply {
    kind: &'static str,
    zh: &'static str,
    en: &'static str,
    /// Mean number for a community in town and for a village (per township or county: the first only).
    mean: [f64; 2],
    /// Usual capacity, 0 where none is counted.
    capacity: u32,
    hours: &'static str,
    operator: Operator,
}

#[derive(Clone, Copy)]
enum Operator {
    Committee,
    Township,
    County(&'static str),
    Private,
}

const DAY: &str = "08:30–17:30";
const LONG: &str = "07:00–21:00";
const ALWAYS: &str = "00:00–24:00";
const SCHOOL: &str = "07:30–17:00";

const fn supply(
    kind: &'static str,
    words: (&'static str, &'static str),
    mean: [f64; 2],
    capacity: u32,
    hours: &'static str,
    operator: Operator,
) -> Supply {
    Supply { kind, zh: words.0, en: words.1, mean, capacity, hours, operator }
}

use Operator::{Committee, County, Private, Township};

const VILLAGE: [Supply; 14] = [
    supply("F01", ("社区服务站", "service post"), [1.0, 0.86], 0, DAY, Committee),
    supply("F02", ("幼儿园", "kindergarten"), [1.1, 0.34], 180, SCHOOL, Private),
    supply("F03", ("老年人日间照料中心", "elderly day care"), [0.75, 0.45], 30, DAY, Committee),
    supply("F04", ("文化活动站", "culture post"), [0.9, 0.75], 60, "09:00–20:30", Committee),
    supply("F05", ("健身场地", "fitness ground"), [1.7, 0.85], 0, ALWAYS, Committee),
    supply("F06", ("便利店", "convenience shop"), [3.6, 1.15], 0, LONG, Private),
    supply("F07", ("公共厕所", "toilet"), [1.9, 0.8], 8, ALWAYS, Township),
    supply("F08", ("人民调解室", "mediation room"), [1.0, 0.92], 12, DAY, Committee),
    supply("F09", ("志愿服务站", "volunteer post"), [0.8, 0.38], 0, DAY, Committee),
    supply("F10", ("小学", "primary school"), [0.42, 0.2], 700, SCHOOL, County("教育局")),
    supply("F11", ("菜市场", "market"), [0.5, 0.06], 120, "05:30–18:30", Private),
    supply("F12", ("卫生站", "health post"), [0.85, 0.78], 0, DAY, Committee),
    supply("F13", ("公交站", "bus stop"), [2.6, 1.1], 0, "06:00–21:30", County("公共交通公司")),
    supply("F14", ("公园", "park"), [0.6, 0.1], 0, ALWAYS, Township),
];

const TOWNSHIP: [Supply; 11] = [
    supply("F15", ("中学", "junior secondary school"), [1.2, 0.0], 1_100, SCHOOL, County("教育局")),
    supply("F16", ("卫生院", "health centre"), [1.0, 0.0], 60, ALWAYS, County("卫生健康局")),
    supply("F17", ("养老院", "care home"), [1.0, 0.0], 110, ALWAYS, Township),
    supply("F18", ("文化活动中心", "culture centre"), [1.0, 0.0], 200, "09:00–20:30", Township),
    supply("F19", ("党群服务中心", "Party–mass service centre"), [1.0, 0.0], 0, DAY, Township),
    supply("F20", ("社会治理中心", "governance centre"), [1.0, 0.0], 0, DAY, Township),
    supply("F21", ("公共法律服务站", "legal service"), [1.0, 0.0], 0, DAY, County("司法局")),
    supply("F22", ("派出所", "police post"), [1.3, 0.0], 0, ALWAYS, County("公安局")),
    supply("F23", ("社会心理服务站", "psychological service"), [0.7, 0.0], 10, DAY, Township),
    supply("F24", ("新时代文明实践所", "civic practice post"), [1.0, 0.0], 0, DAY, Township),
    supply("F28", ("应急避难场所", "shelter"), [2.2, 0.0], 800, ALWAYS, Township),
];

const COUNTY: [Supply; 4] = [
    supply("F25", ("人民法庭", "tribunal"), [2.4, 0.0], 0, DAY, County("人民法院")),
    supply("F26", ("劳动人事争议仲裁庭", "labour arbitration"), [1.0, 0.0], 0, DAY, County("人力资源和社会保障局")),
    supply("F27", ("人民医院", "hospital"), [2.6, 0.0], 420, ALWAYS, County("卫生健康局")),
    supply("F29", ("法律援助中心", "legal aid"), [1.0, 0.0], 0, DAY, County("司法局")),
];

/// A facility's place in the tree, for its names.
struct Site<'a> {
    zh: &'a str,
    en: &'a str,
    operator: String,
    village: usize,
}

/// All facilities, and which gaps were left on purpose.
pub(super) fn rows(land: &Land, mesh: &Mesh, division: &Division) -> (Vec<Facility>, Vec<ServiceGap>) {
    let mut maker = Maker { land, mesh, division, dice: Dice::new(land.seed, "services"), out: Vec::new() };
    let gaps = gaps(division, &mut maker.dice);
    let missing = |kind: &str, area: String| gaps.iter().any(|g| g.kind == kind && g.area.to_string() == area);
    for (v, village) in division.villages.iter().enumerate() {
        let township = &division.townships[village.township];
        for s in &VILLAGE {
            let (own, above) = (village.code.to_string(), township.code.to_string());
            let n = maker.count(s.mean[usize::from(!village.town)]);
            if missing(s.kind, own) || missing(s.kind, above) {
                continue;
            }
            maker.put(s, n, &Site { zh: &village.name.zh, en: &village.name.en, operator: operator(s, village, division, land), village: v });
        }
    }
    for (t, township) in division.townships.iter().enumerate() {
        let Some(v) = centre(division, |village| village.township == t) else { continue };
        for s in &TOWNSHIP {
            let n = maker.count(s.mean[0]);
            if missing(s.kind, township.code.to_string()) {
                continue;
            }
            let operator = operator(s, &division.villages[v], division, land);
            maker.put(s, n, &Site { zh: &township.name.zh, en: &township.name.en, operator, village: v });
        }
    }
    for (c, county) in land.counties.iter().enumerate() {
        let Some(v) = centre(division, |village| division.townships[village.township].county == c) else { continue };
        let zh = format!("{}{}", county.name.zh, county.kind_zh);
        let en = format!("{} {}", county.name.en, county.kind_en);
        for s in &COUNTY {
            let n = maker.count(s.mean[0]);
            let operator = operator(s, &division.villages[v], division, land);
            maker.put(s, n, &Site { zh: &zh, en: &en, operator, village: v });
        }
    }
    (maker.out, gaps)
}

/// The first community, that is the one nearest the centre.
fn centre(division: &Division, of: impl Fn(&Village) -> bool) -> Option<usize> {
    division.villages.iter().position(of)
}

/// Left out: care homes in one township, police in another, and mediation rooms or health posts in some villages.
fn gaps(division: &Division, dice: &mut Dice) -> Vec<ServiceGap> {
    let mut out = Vec::new();
    let quiet: Vec<usize> = (0..division.townships.len()).filter(|&t| division.townships[t].kind != Kind::Subdistrict).collect();
    for (kind, back) in [("F17", 0), ("F08", 1)] {
        if let Some(&t) = quiet.get((quiet.len() + dice.below(3)).saturating_sub(1 + 3 * back + 2)) {
            out.push(ServiceGap { area: area_code(division.townships[t].code, Level::Township), kind: kind.into() });
        }
    }
    for kind in ["F12", "F08"] {
        for _ in 0..(division.villages.len() / 30).max(1) {
            let v = dice.below(division.villages.len());
            out.push(ServiceGap { area: area_code(division.villages[v].code, Level::Village), kind: kind.into() });
        }
    }
    out.sort_by(|a, b| a.area.cmp(&b.area).then(a.kind.cmp(&b.kind)));
    out.dedup();
    out
}

fn operator(s: &Supply, village: &Village, division: &Division, land: &Land) -> String {
    let township = &division.townships[village.township];
    let county = &land.counties[township.county];
    match s.operator {
        Committee => format!("{}{}", village.name.zh, if village.town { "居民委员会" } else { "村民委员会" }),
        Township if township.kind == Kind::Subdistrict => format!("{}办事处", township.name.zh),
        Township => format!("{}人民政府", township.name.zh),
        County(office) => format!("{}{}{office}", county.name.zh, county.kind_zh),
        Private => "社会力量".into(),
    }
}

struct Maker<'a> {
    land: &'a Land,
    mesh: &'a Mesh,
    division: &'a Division,
    dice: Dice,
    out: Vec<Facility>,
}

impl Maker<'_> {
    /// A whole number with this mean, as even as can be.
    fn count(&mut self, mean: f64) -> usize {
        mean.floor() as usize + usize::from(self.dice.chance(mean.fract()))
    }

    fn put(&mut self, s: &Supply, n: usize, site: &Site<'_>) {
        const ORDINALS: [&str; 6] = ["", "第二", "第三", "第四", "第五", "第六"];
        for k in 0..n {
            let village = &self.division.villages[site.village];
            let part = &self.division.cells[village.first_cell + self.dice.below(village.cell_count)];
            // Of three blocks the one with most households: services stand where people are.
            let mut block = *self.dice.pick(&part.blocks) as usize;
            for _ in 0..2 {
                let other = *self.dice.pick(&part.blocks) as usize;
                let better = self.division.households[other] > self.division.households[block];
                if better || self.division.used[block] == Use::Lake {
                    block = other;
                }
            }
            let plot = Plot::new(self.land, self.mesh, block);
            let at = plot.somewhere(&mut self.dice);
            let capacity = (s.capacity > 0).then(|| (f64::from(s.capacity) * self.dice.between(0.55, 1.5)).round() as u32);
            let number = if k == 0 { String::new() } else { format!(" {}", k + 1) };
            self.out.push(Facility {
                key: format!("{}-{:05}", s.kind, self.out.len() + 1),
                kind: s.kind,
                name_zh: format!(
                    "{}{}{}",
                    site.zh,
                    ORDINALS[k.min(5)],
                    s.zh.strip_prefix("社区").filter(|_| site.zh.ends_with("社区")).unwrap_or(s.zh)
                ),
                name_en: format!("{} {}{number}", site.en, s.en),
                operator: site.operator.clone(),
                capacity,
                hours: s.hours,
                barrier_free: self.dice.chance(if village.town { 0.7 } else { 0.35 }),
                cell: code(part.code),
                at: point(at),
            });
        }
    }
}
