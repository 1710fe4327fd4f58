//! A shape as it is drawn at one zoom, before a tile cuts it.
//!
//! What a tile adds is little: where nothing is cut, one place to begin at.

use super::clip::Cut;
use super::snap::{Hot, Square, TakenUp, square_of};
use super::untangle::Untangle;
use super::{Placed, TileId, World, WorldBox, ZOOM};
use crate::mvt::layer::outline_after_start;
use crate::mvt::rings::Outline;

/// How many buckets of 64 grid squares around a tile's own 64 the corners of others may be taken up from.
const NEAR: i64 = 64;

/// The finest grid: beyond a world unit is wider than a tile unit.
const FINEST_GRID: u8 = 20;

/// The zoom of the grid that a zoom is drawn on.
pub(super) fn grid_of(z: u8) -> u8 {
    z.min(FINEST_GRID)
}

/// A shape on the grid of a zoom.
#[derive(Debug, PartialEq)]
pub(super) struct Drawn {
    /// The corners drawn, ring after ring, unclosed, none twice in a row.
    places: Box<[Square]>,
    /// Where each ring ends.
    ends: Box<[u32]>,
    /// What edges take up of hot squares, in the order of the edges.
    taken_up: Box<[TakenUp]>,
    /// North-west and south-east.
    extent: [Square; 2],
    /// Whether no place comes twice.
    simple: bool,
    /// The bytes of the geometry behind its first place, where nothing is taken up; empty where nothing is to be drawn.
    uncut: Option<(Square, Box<[u8]>)>,
}

/// The corners of one shape that are drawn at a zoom.
struct Thinned {
    places: Vec<Square>,
    ends: Vec<u32>,
    /// The edge that leaves each place.
    edges: Vec<(World, World)>,
}

impl Thinned {
    fn new(placed: &Placed, z: u8) -> Self {
        let grid = grid_of(z);
        let mut thinned = Self { places: Vec::new(), ends: Vec::new(), edges: Vec::new() };
        let mut drawn: Vec<(Square, World)> = Vec::new();
        for ring in &placed.rings {
            drawn.clear();
            let corners = ring.corners.iter().zip(&ring.marks).filter(|(_, mark)| **mark & ZOOM <= z);
            drawn.extend(corners.map(|(&corner, _)| (square_of(grid, corner), corner)));
            let start = thinned.places.len();
            for (i, &(square, corner)) in drawn.iter().enumerate() {
                let (next, end) = drawn[if i + 1 == drawn.len() { 0 } else { i + 1 }];
                // of corners on one square the last is where the edge leaves it
                if square != next {
                    thinned.places.push(square);
                    thinned.edges.push((corner, end));
                }
            }
            if thinned.places.len() == start
                && let Some(&(square, corner)) = drawn.first()
            {
                thinned.places.push(square);
                thinned.edges.push((corner, corner));
            }
            thinned.ends.push(thinned.places.len() as u32);
        }
        thinned
    }
}

/// Shapes of one zoom, drawn together: `wanted` among `around`, which holds every shape that meets `area`, the box of the
/// wanted and a grid square around it.
pub(super) fn draw(z: u8, area: &WorldBox, wanted: &[(i64, &Placed)], around: &[(i64, &Placed)]) -> Vec<Drawn> {
    let thinned: Vec<Thinned> = wanted.iter().map(|(_, placed)| Thinned::new(placed, z)).collect();
    let mut corners: Vec<(i64, Square)> = Vec::new();
    for &(id, placed) in around {
        match wanted.binary_search_by_key(&id, |w| w.0) {
            Ok(i) => corners.extend(thinned[i].places.iter().map(|&square| (id, square))),
            Err(_) => corners.extend(Thinned::new(placed, z).places.into_iter().map(|square| (id, square))),
        }
    }
    let [min, max] = [area.min, area.max].map(|corner| square_of(grid_of(z), corner));
    let inside = |square: &Square| (0..2).all(|i| min[i] <= square[i] && square[i] <= max[i]);
    let hot = Hot::new(grid_of(z), corners.into_iter().filter(|(_, square)| inside(square)));
    let mut pieces = Untangle::default();
    thinned.into_iter().map(|thinned| Drawn::new(thinned, &hot, z, &mut pieces)).collect()
}

impl Drawn {
    fn new(thinned: Thinned, hot: &Hot, z: u8, pieces: &mut Untangle) -> Self {
        let mut taken_up = Vec::new();
        for (after, &(a, b)) in (0..).zip(&thinned.edges) {
            if a != b {
                hot.take_up(a, b, after, &mut taken_up);
            }
        }
        let first = thinned.places.first().copied().unwrap_or_default();
        let around = |[min, max]: [Square; 2], p: &Square| [[min[0].min(p[0]), min[1].min(p[1])], [max[0].max(p[0]), max[1].max(p[1])]];
        let mut sorted = thinned.places.clone();
        sorted.sort_unstable();
        let mut drawn = Self {
            extent: thinned.places.iter().fold([first; 2], around),
            simple: sorted.windows(2).all(|pair| pair[0] != pair[1]),
            places: thinned.places.into(),
            ends: thinned.ends.into(),
            taken_up: taken_up.into(),
            uncut: None,
        };
        if drawn.taken_up.is_empty() && z == grid_of(z) {
            drawn.uncut = Some(drawn.encode(pieces));
        }
        drawn
    }

    fn rings(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|&end| end as usize));
        starts.zip(self.ends.iter()).map(|(start, &end)| start..end as usize)
    }

    /// The first place, and the bytes behind it.
    fn encode(&self, pieces: &mut Untangle) -> (Square, Box<[u8]>) {
        pieces.clear();
        let origin = self.extent[0];
        for ring in self.rings() {
            let ring: Vec<[i32; 2]> = self.places[ring].iter().map(|p| [(p[0] - origin[0]) as i32, (p[1] - origin[1]) as i32]).collect();
            pieces.push(&ring);
        }
        let rings = pieces.finish();
        let Some(start) = rings.iter().next().map(|ring| ring[0]) else { return (origin, Box::default()) };
        let mut bytes = Vec::new();
        outline_after_start(&mut bytes, rings);
        ([origin[0] + start[0] as u32, origin[1] + start[1] as u32], bytes.into())
    }

    /// About how many bytes it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let uncut = self.uncut.as_ref().map_or(0, |(_, bytes)| bytes.len());
        let taken_up = self.taken_up.iter().map(|t| size_of::<TakenUp>() + t.owners.len() * 8).sum::<usize>();
        // with its entry in the table and what the allocator adds
        size_of::<Self>() + self.places.len() * 8 + self.ends.len() * 4 + uncut + taken_up + 96
    }
}

/// One tile's view of drawn shapes.
pub(super) struct View<'a> {
    tile: TileId,
    cut: Cut,
    /// The shapes that have a part in the tile, ascending.
    ids: &'a [i64],
    ring: Vec<[i64; 2]>,
    piece: Vec<[i32; 2]>,
    pieces: Untangle,
}

impl<'a> View<'a> {
    pub(super) fn new(tile: TileId, cut: Cut, ids: &'a [i64]) -> Self {
        Self { tile, cut, ids, ring: Vec::new(), piece: Vec::new(), pieces: Untangle::default() }
    }

    /// The shape as it looks in the tile; none where nothing of it is left.
    pub(super) fn outline<'b>(&'b mut self, drawn: &'b Drawn) -> Option<Outline<'b>> {
        let finer = self.tile.z() - grid_of(self.tile.z());
        let origin = self.tile.grid_origin();
        let place = |square: Square| [(i64::from(square[0]) << finer) - origin[0], (i64::from(square[1]) << finer) - origin[1]];
        if let Some((start, bytes)) = &drawn.uncut
            && drawn.extent.iter().all(|&corner| self.cut.surrounds(place(corner)))
        {
            return (!bytes.is_empty()).then(|| Outline::Encoded { start: place(*start).map(|v| v as i32), rest: bytes });
        }
        self.pieces.clear();
        let mut taken_up = drawn.taken_up.iter().peekable();
        let mut plain = drawn.simple;
        for ring in drawn.rings() {
            self.ring.clear();
            for i in ring.clone() {
                let square = drawn.places[i];
                self.ring.push(place(square));
                while let Some(taken) = taken_up.next_if(|t| t.after as usize == i) {
                    let end = drawn.places[if i + 1 == ring.end { ring.start } else { i + 1 }];
                    if self.cut.near(place(square), place(end)) && self.takes(taken) && self.ring.last() != Some(&place(taken.square)) {
                        self.ring.push(place(taken.square));
                        plain = false;
                    }
                }
            }
            self.cut.ring(&self.ring, &mut self.piece);
            self.pieces.push(&self.piece);
        }
        let rings = if plain { self.pieces.finish_plain(self.cut) } else { self.pieces.finish() };
        (!rings.is_empty()).then_some(Outline::Rings(rings))
    }

    /// Whether a hot square is hot in this tile: made so by a shape that has a part in it, and not far away.
    fn takes(&self, taken: &TakenUp) -> bool {
        let finer = self.tile.z() - grid_of(self.tile.z());
        let origin = self.tile.grid_origin();
        let near = (0..2).all(|i| {
            let (first, at) = (origin[i] >> finer >> 6, i64::from(taken.square[i]) >> 6);
            at >= first - NEAR && at <= first + 2 * NEAR
        });
        near && taken.owners.iter().any(|owner| self.ids.binary_search(owner).is_ok())
    }
}
