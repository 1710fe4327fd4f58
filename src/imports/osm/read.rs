//! The three passes: which ways the relations want, which nodes the ways want, where those are.

use std::ops::Range;
use std::path::Path;

use geo_types::{Coord, Point, Rect};
use osmpbf::{PrimitiveBlock, RelMemberType, Way};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::faults::{FaultCode, RowFault};
use super::super::write::BaseOut;
use super::MOST_NODES;
use super::frame;
use super::kinds::{self, Drawn, Tags};
use crate::jobs::Progress;

/// Everything of a feature but its shape.
#[derive(Debug, Clone)]
pub(super) struct Look {
    layer: &'static str,
    kind: String,
    kind_detail: String,
    names: (String, String),
    reference: String,
    deck: i8,
    min_zoom: u8,
}

impl Look {
    pub(super) fn of(kind: Drawn<'_>, tags: &Tags<'_>) -> Self {
        let is_road = kind.layer == "roads";
        Self {
            layer: kind.layer,
            kind: kind.kind.to_owned(),
            kind_detail: kind.detail.to_owned(),
            names: tags.names(),
            reference: if is_road { tags.reference() } else { String::new() },
            deck: if is_road { tags.deck() } else { 0 },
            min_zoom: kind.min_zoom,
        }
    }

    /// Land, sea or a border: nothing but a kind.
    pub(super) fn plain(layer: &'static str, kind: &str, kind_detail: String, min_zoom: u8) -> Self {
        Self { layer, kind: kind.to_owned(), kind_detail, names: Default::default(), reference: String::new(), deck: 0, min_zoom }
    }

    pub(super) fn shaped(self, shape: geo_types::Geometry) -> BaseOut {
        let Self { layer, kind, kind_detail, names: (name_zh, name_en), reference, deck, min_zoom } = self;
        BaseOut { layer, kind, kind_detail, name_zh, name_en, reference, deck, min_zoom, shape }
    }
}

/// Nodes of a way, in `Extract::nodes_of_ways`.
pub(super) type Nodes = Range<usize>;

/// A multipolygon, its ways by key.
#[derive(Debug)]
pub(super) struct Multipolygon {
    pub(super) look: Look,
    pub(super) outer: Vec<i64>,
    pub(super) inner: Vec<i64>,
}

/// What of an extract is drawn.
#[derive(Debug, Default)]
pub(super) struct Extract {
    pub(super) multipolygons: Vec<Multipolygon>,
    pub(super) lines: Vec<(Look, Nodes)>,
    pub(super) areas: Vec<(Look, Nodes)>,
    pub(super) coasts: Vec<Nodes>,
    pub(super) places: Vec<BaseOut>,
    /// The ways that multipolygons are made of.
    pub(super) members: FxHashMap<i64, Nodes>,
    /// Keys of nodes, way after way.
    pub(super) nodes_of_ways: Vec<i64>,
    /// What the extract covers, degrees.
    pub(super) area: Option<Rect>,
    wanted_ways: FxHashSet<i64>,
    /// The widest level of the borders that a way is part of.
    borders: FxHashMap<i64, u8>,
    wanted_nodes: Vec<i64>,
    /// In 1e-7 degrees, by the order of `wanted_nodes`.
    located: Vec<[i32; 2]>,
}

/// A node that was not in the file.
const NOWHERE: [i32; 2] = [i32::MAX; 2];

impl Extract {
    /// Reads a file; `None` where somebody asked to stop.
    pub(super) fn read(path: &Path, progress: &Progress) -> Result<Option<Self>, RowFault> {
        let frame = frame::look(path)?;
        let mut extract = Self { area: frame.area, ..Self::default() };
        let mut done = 0;
        let mut go_on = || {
            done += 1;
            progress.row(done);
            !progress.is_cancelled()
        };
        frame::blocks(path, |block| {
            extract.take_relations(block);
            Ok(go_on())
        })?;
        frame::blocks(path, |block| {
            extract.take_ways(block)?;
            Ok(go_on())
        })?;
        extract.settle_nodes();
        let mut around: Option<Rect> = None;
        frame::blocks(path, |block| {
            extract.take_nodes(block, &mut around);
            Ok(go_on())
        })?;
        extract.area = extract.area.or(around).filter(|area| area.width() > 0.0 && area.height() > 0.0);
        Ok((!progress.is_cancelled()).then_some(extract))
    }

    fn take_relations(&mut self, block: &PrimitiveBlock) {
        for relation in block.groups().flat_map(|group| group.relations()) {
            let tags: Tags<'_> = relation.tags().collect();
            let is_area = matches!(tags.get("type"), Some("multipolygon" | "boundary"));
            if !is_area {
                continue;
            }
            let ways = || relation.members().filter(|member| member.member_type == RelMemberType::Way);
            if let Some(level) = tags.border() {
                for way in ways() {
                    self.borders.entry(way.member_id).and_modify(|known| *known = (*known).min(level)).or_insert(level);
                }
            }
            let Some(kind) = kinds::area(&tags) else { continue };
            let (inner, outer): (Vec<_>, Vec<_>) =
                ways().map(|way| (way.role().is_ok_and(|role| role == "inner"), way.member_id)).partition(|way| way.0);
            let keys = |ways: Vec<(bool, i64)>| ways.into_iter().map(|way| way.1).collect::<Vec<i64>>();
            let found = Multipolygon { look: Look::of(kind, &tags), outer: keys(outer), inner: keys(inner) };
            self.wanted_ways.extend(found.outer.iter().chain(&found.inner));
            self.multipolygons.push(found);
        }
    }

    fn take_ways(&mut self, block: &PrimitiveBlock) -> Result<(), RowFault> {
        for way in block.groups().flat_map(|group| group.ways()) {
            self.take_way(&way);
            if self.nodes_of_ways.len() > MOST_NODES {
                return Err(RowFault::new(0, FaultCode::PbfTooLarge).arg(MOST_NODES / 1_000_000));
            }
        }
        Ok(())
    }

    fn take_way(&mut self, way: &Way<'_>) {
        let tags: Tags<'_> = way.tags().collect();
        let (level, is_member) = (self.borders.get(&way.id()).copied().or_else(|| tags.border()), self.wanted_ways.contains(&way.id()));
        if tags.is_empty() && level.is_none() && !is_member {
            return;
        }
        let from = self.nodes_of_ways.len();
        self.nodes_of_ways.extend(way.refs());
        let nodes = from..self.nodes_of_ways.len();
        let keys = &self.nodes_of_ways[nodes.clone()];
        let is_closed = keys.len() > 3 && keys.first() == keys.last();
        let mut is_kept = is_member;
        if is_member {
            self.members.insert(way.id(), nodes.clone());
        }
        if let Some(level) = level {
            let (kind, min_zoom) = kinds::border(level);
            self.lines.push((Look::plain("boundaries", kind, level.to_string(), min_zoom), nodes.clone()));
            is_kept = true;
        }
        if tags.is_coast() {
            self.coasts.push(nodes.clone());
            is_kept = true;
        }
        if let Some(kind) = is_closed.then(|| kinds::area(&tags)).flatten() {
            self.areas.push((Look::of(kind, &tags), nodes));
            is_kept = true;
        } else if let Some(kind) = kinds::line(&tags) {
            self.lines.push((Look::of(kind, &tags), nodes));
            is_kept = true;
        }
        if !is_kept {
            self.nodes_of_ways.truncate(from);
        }
    }

    fn settle_nodes(&mut self) {
        self.wanted_nodes.clone_from(&self.nodes_of_ways);
        self.wanted_nodes.sort_unstable();
        self.wanted_nodes.dedup();
        self.wanted_nodes.shrink_to_fit();
        self.located = vec![NOWHERE; self.wanted_nodes.len()];
        self.wanted_ways = FxHashSet::default();
        self.borders = FxHashMap::default();
    }

    fn take_nodes(&mut self, block: &PrimitiveBlock, around: &mut Option<Rect>) {
        for group in block.groups() {
            for node in group.nodes() {
                self.take_node(node.id(), [node.decimicro_lon(), node.decimicro_lat()], || node.tags().collect(), around);
            }
            for node in group.dense_nodes() {
                self.take_node(node.id(), [node.decimicro_lon(), node.decimicro_lat()], || node.tags().collect(), around);
            }
        }
    }

    fn take_node<'a>(&mut self, key: i64, at: [i32; 2], tags: impl FnOnce() -> Tags<'a>, around: &mut Option<Rect>) {
        let place = degrees(at);
        // what lies beyond the square of the map, or nowhere on Earth, is not drawn
        if place.x.abs() > 180.0 || place.y.abs() > 85.0 {
            return;
        }
        if let Ok(i) = self.wanted_nodes.binary_search(&key) {
            self.located[i] = at;
        }
        let old = around.unwrap_or_else(|| Rect::new(place, place));
        let (min, max) = (old.min(), old.max());
        *around = Some(Rect::new(Coord { x: min.x.min(place.x), y: min.y.min(place.y) }, Coord { x: max.x.max(place.x), y: max.y.max(place.y) }));
        let tags = tags();
        if let Some(kind) = kinds::place(&tags) {
            self.places.push(Look::of(kind, &tags).shaped(Point(place).into()));
        }
    }

    /// Where a node is; none where it is not in the file.
    pub(super) fn place_of(&self, key: i64) -> Option<Coord> {
        let at = self.located[self.wanted_nodes.binary_search(&key).ok()?];
        (at != NOWHERE).then(|| degrees(at))
    }

    /// The keys of a way's nodes.
    pub(super) fn keys(&self, nodes: &Nodes) -> &[i64] {
        &self.nodes_of_ways[nodes.clone()]
    }
}

/// Degrees of a place in 1e-7 degrees.
fn degrees(at: [i32; 2]) -> Coord {
    Coord { x: f64::from(at[0]) / 1e7, y: f64::from(at[1]) / 1e7 }
}
