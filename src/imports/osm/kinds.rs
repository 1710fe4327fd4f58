//! What a tagged thing of OpenStreetMap is on the base map: layer, kind and first zoom, by the names of Protomaps' base map
//! schema, version 4 (docs.protomaps.com/basemaps/layers). First zooms are our own: what a county's map can hold.

/// The tags of an element.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> FromIterator<(&'a str, &'a str)> for Tags<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(tags: I) -> Self {
        Self(tags.into_iter().collect())
    }
}

impl<'a> Tags<'a> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, value)| *value)
    }

    fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name in Chinese, else in the language of the place; and in English.
    pub(super) fn names(&self) -> (String, String) {
        let first = |keys: &[&str]| keys.iter().find_map(|key| self.get(key)).map(clean).unwrap_or_default();
        (first(&["name:zh-Hans", "name:zh", "name"]), first(&["name:en", "int_name"]))
    }

    /// The number of a road, the first of several.
    pub(super) fn reference(&self) -> String {
        self.get("ref").and_then(|refs| refs.split(';').next()).map(clean).unwrap_or_default()
    }

    /// −1 in a tunnel, 1 on a bridge.
    pub(super) fn deck(&self) -> i8 {
        let yes = |key: &str| self.get(key).is_some_and(|value| value != "no");
        if yes("tunnel") { -1 } else { i8::from(yes("bridge")) }
    }

    /// The administrative level of a border, where it is one.
    pub(super) fn border(&self) -> Option<u8> {
        self.is("boundary", "administrative").then(|| self.get("admin_level")?.parse().ok()).flatten().filter(|level| (2..=10).contains(level))
    }

    /// Whether it is a piece of coast: land to the left of it, sea to the right.
    pub(super) fn is_coast(&self) -> bool {
        self.is("natural", "coastline")
    }
}

/// A text of at most 200 characters without control characters.
fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drawn<'a> {
    pub(super) layer: &'static str,
    pub(super) kind: &'a str,
    pub(super) detail: &'a str,
    pub(super) min_zoom: u8,
}

#[expect(clippy::unnecessary_wraps, reason = "every arm of the tables below ends in it, beside those that end in nothing")]
const fn kind<'a>(layer: &'static str, kind: &'a str, detail: &'a str, min_zoom: u8) -> Option<Drawn<'a>> {
    Some(Drawn { layer, kind, detail, min_zoom })
}

/// What an area is: a closed way or a multipolygon.
pub(super) fn area<'a>(tags: &Tags<'a>) -> Option<Drawn<'a>> {
    if tags.get("building").is_some_and(|value| value != "no") {
        return kind("buildings", "building", "", 14);
    }
    if tags.get("building:part").is_some_and(|value| value != "no") {
        return kind("buildings", "building_part", "", 15);
    }
    water_area(tags).or_else(|| landuse(tags))
}

fn water_area<'a>(tags: &Tags<'a>) -> Option<Drawn<'a>> {
    let detail = tags.get("water").unwrap_or("");
    match (tags.get("natural"), tags.get("waterway"), tags.get("landuse"), tags.get("leisure")) {
        (Some("water"), ..) => match detail {
            "lake" | "reservoir" => kind("water", "lake", detail, 4),
            "river" | "canal" | "oxbow" => kind("water", "river", detail, 6),
            "basin" | "pond" | "wastewater" => kind("water", "basin", detail, 11),
            _ => kind("water", "water", detail, 6),
        },
        (_, Some("riverbank" | "river"), ..) => kind("water", "river", "", 6),
        (_, Some("dock"), ..) => kind("water", "dock", "", 11),
        (_, _, Some("reservoir"), _) => kind("water", "lake", "reservoir", 6),
        (_, _, Some("basin"), _) => kind("water", "basin", "", 11),
        (.., Some("swimming_pool")) => kind("water", "swimming_pool", "", 15),
        _ => None,
    }
}

/// Values that are kinds as they stand, each with its key and first zoom.
const GROUNDS: [(&str, &[&str], u8); 12] = [
    ("boundary", &["national_park", "protected_area"], 6),
    ("leisure", &["nature_reserve", "park", "golf_course"], 7),
    ("natural", &["wood", "scrub", "grassland", "wetland", "glacier", "sand", "beach", "bare_rock"], 8),
    (
        "landuse",
        &["forest", "farmland", "orchard", "meadow", "grass", "vineyard", "residential", "commercial", "industrial", "military", "railway"],
        8,
    ),
    ("landuse", &["cemetery", "quarry", "recreation_ground", "village_green", "allotments", "farmyard", "greenhouse_horticulture"], 11),
    ("aeroway", &["aerodrome", "runway", "taxiway", "apron"], 9),
    ("amenity", &["hospital", "university", "college"], 11),
    ("amenity", &["school", "kindergarten", "library", "post_office", "grave_yard"], 13),
    ("leisure", &["garden", "playground", "pitch", "stadium", "marina", "dog_park"], 13),
    ("tourism", &["zoo", "theme_park"], 12),
    ("man_made", &["pier"], 13),
    ("highway", &["pedestrian", "footway"], 14),
];

fn landuse<'a>(tags: &Tags<'a>) -> Option<Drawn<'a>> {
    let (key, value, min_zoom) = GROUNDS.iter().find_map(|(key, values, min_zoom)| {
        let value = tags.get(key)?;
        values.contains(&value).then_some((*key, value, *min_zoom))
    })?;
    // a closed footway is a way around, unless it says that it is an area
    if key == "highway" && !tags.is("area", "yes") {
        return None;
    }
    kind("landuse", if value == "grave_yard" { "cemetery" } else { value }, "", min_zoom)
}

/// What a line is: a way, open or closed.
pub(super) fn line<'a>(tags: &Tags<'a>) -> Option<Drawn<'a>> {
    if tags.is("area", "yes") {
        return None;
    }
    if let Some(highway) = tags.get("highway") {
        let (name, min_zoom) = match highway.trim_end_matches("_link") {
            "motorway" => ("highway", 5),
            "trunk" => ("major_road", 6),
            "primary" => ("major_road", 7),
            "secondary" => ("major_road", 9),
            "tertiary" => ("major_road", 10),
            "residential" | "unclassified" | "living_street" | "road" | "raceway" => ("minor_road", 12),
            "service" => ("minor_road", 14),
            "track" | "pedestrian" => ("path", 13),
            "path" | "cycleway" | "bridleway" | "footway" | "steps" | "corridor" => ("path", 14),
            _ => return None,
        };
        return kind("roads", name, highway, if highway.ends_with("_link") { min_zoom.max(11) } else { min_zoom });
    }
    match tags.get("railway") {
        Some(railway @ ("rail" | "light_rail" | "subway" | "tram" | "narrow_gauge" | "monorail" | "funicular")) => {
            return kind("roads", "rail", railway, if tags.get("service").is_some() { 14 } else { 9 });
        }
        _ if tags.is("route", "ferry") => return kind("roads", "ferry", "", 11),
        _ => {}
    }
    match tags.get("waterway") {
        Some("river") => kind("water", "river", "", 8),
        Some("canal") => kind("water", "canal", "", 10),
        Some("stream") => kind("water", "stream", "", 13),
        Some(value @ ("drain" | "ditch")) => kind("water", value, "", 14),
        _ => match tags.get("aeroway") {
            Some(value @ ("runway" | "taxiway")) => kind("roads", "aeroway", value, 11),
            _ => None,
        },
    }
}

/// What a point is: a place with a name.
pub(super) fn place<'a>(tags: &Tags<'a>) -> Option<Drawn<'a>> {
    tags.get("name")?;
    let detail = tags.get("place")?;
    let (name, min_zoom) = match detail {
        "country" => ("country", 2),
        "state" | "province" | "region" => ("region", 4),
        "city" => ("locality", 6),
        "county" => ("county", 7),
        "town" => ("locality", 9),
        "village" => ("locality", 11),
        "hamlet" | "isolated_dwelling" | "farm" => ("locality", 13),
        "suburb" | "borough" | "quarter" | "district" => ("macrohood", 11),
        "neighbourhood" => ("neighbourhood", 13),
        _ => return None,
    };
    kind("places", name, detail, min_zoom)
}

/// What a border of a level is.
pub(super) const fn border(level: u8) -> (&'static str, u8) {
    match level {
        2 => ("country", 0),
        3 | 4 => ("region", 3),
        5 | 6 => ("county", 7),
        _ => ("locality", 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags<'a>(tags: &[(&'a str, &'a str)]) -> Tags<'a> {
        tags.iter().copied().collect()
    }

    #[test]
    fn kinds_are_those_of_the_schema() {
        let of = |found: Option<Drawn<'static>>| found.map(|k| (k.layer, k.kind, k.detail));
        assert_eq!(of(line(&tags(&[("highway", "motorway")]))), Some(("roads", "highway", "motorway")));
        assert_eq!(of(line(&tags(&[("highway", "trunk_link")]))), Some(("roads", "major_road", "trunk_link")));
        assert_eq!(of(line(&tags(&[("highway", "residential")]))), Some(("roads", "minor_road", "residential")));
        assert_eq!(of(line(&tags(&[("highway", "proposed")]))), None);
        assert_eq!(of(line(&tags(&[("railway", "rail")]))), Some(("roads", "rail", "rail")));
        assert_eq!(of(line(&tags(&[("waterway", "stream")]))), Some(("water", "stream", "")));
        assert_eq!(of(area(&tags(&[("natural", "water"), ("water", "reservoir")]))), Some(("water", "lake", "reservoir")));
        assert_eq!(of(area(&tags(&[("building", "yes"), ("leisure", "park")]))), Some(("buildings", "building", "")));
        assert_eq!(of(area(&tags(&[("building", "no"), ("leisure", "park")]))), Some(("landuse", "park", "")));
        assert_eq!(of(area(&tags(&[("highway", "pedestrian")]))), None);
        assert_eq!(of(area(&tags(&[("highway", "pedestrian"), ("area", "yes")]))), Some(("landuse", "pedestrian", "")));
        assert_eq!(of(place(&tags(&[("place", "town"), ("name", "枫桥镇")]))), Some(("places", "locality", "town")));
        assert_eq!(of(place(&tags(&[("place", "town")]))), None);
    }

    #[test]
    fn names_prefer_chinese_and_keep_no_control_characters() {
        let all =
            tags(&[("name", "Place\u{7} X"), ("name:zh", "广场"), ("name:en", "Square"), ("ref", "G104;S31"), ("tunnel", "yes"), ("bridge", "no")]);
        assert_eq!(all.names(), ("广场".to_owned(), "Square".to_owned()));
        assert_eq!((all.reference(), all.deck()), ("G104".to_owned(), -1));
        assert_eq!(tags(&[("name", "Place\u{7} X")]).names().0, "Place X");
        assert_eq!(tags(&[("boundary", "administrative"), ("admin_level", "6")]).border(), Some(6));
        assert_eq!(tags(&[("boundary", "administrative"), ("admin_level", "many")]).border(), None);
    }
}
