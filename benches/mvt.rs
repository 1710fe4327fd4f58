//! Points from columns and cells from a coverage, on invented ground of stated size.

use maplebridge::mvt::{CodeColumn, Coverage, LayerWriter, Shape, TileId, TileWriter, World};

/// The corner of the ground: zoom 8, tile 210/106.
const ORIGIN: [u32; 2] = [210 << 24, 106 << 24];

/// Rows as the read model keeps them, in Z order.
pub(crate) struct Columns {
    xs: Vec<u32>,
    ys: Vec<u32>,
    ids: Vec<u64>,
    kinds: Vec<u8>,
}

/// `n` rows over one tile of zoom 8.
pub(crate) fn columns(n: usize) -> Columns {
    let mut state = 1_u64;
    let mut roll = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u32
    };
    let mut rows: Vec<(u64, u8)> = (0..n).map(|_| (World { x: ORIGIN[0] + roll(), y: ORIGIN[1] + roll() }.z_order(), (roll() % 9) as u8)).collect();
    rows.sort_unstable();
    let at = |key: u64| World::from_z_order(key);
    Columns {
        xs: rows.iter().map(|r| at(r.0).x).collect(),
        ys: rows.iter().map(|r| at(r.0).y).collect(),
        ids: (0..n as u64).collect(),
        kinds: rows.iter().map(|r| r.1).collect(),
    }
}

/// Writes the rows of a buffered tile with id and kind; returns features and bytes.
pub(crate) fn points(rows: &Columns, tile: TileId) -> (usize, usize) {
    let area = tile.buffered(64);
    let mut layer = LayerWriter::new("facilities");
    let mut kind = CodeColumn::new(&mut layer, "kind");
    for row in 0..rows.xs.len() {
        let at = World { x: rows.xs[row], y: rows.ys[row] };
        if area.holds(at) {
            let code = usize::from(rows.kinds[row]);
            let tag = kind.tag(&mut layer, code, |l| l.uint(code as u64));
            layer.point(Some(rows.ids[row]), tile.place(at), &tag);
        }
    }
    let mut out = TileWriter::default();
    out.add(&layer);
    (layer.feature_count(), out.finish().len())
}

/// `n` × `n` cells of `4 · bends` corners over one tile of zoom 8, borders wavy.
pub(crate) fn cells(n: u32, bends: u32) -> Vec<Shape> {
    let step = (1 << 24) / (n * bends);
    // a wave along each line that is zero at crossings
    let corner = |i: u32, j: u32| {
        let wave = |k: u32, l: u32| {
            let t = f64::from(k % bends) / f64::from(bends) * std::f64::consts::TAU;
            (t * (1.0 + f64::from((k / bends * 7 + l) % 5))).sin() * f64::from(step)
        };
        let (dx, dy) = (if i.is_multiple_of(bends) { wave(j, i) } else { 0.0 }, if j.is_multiple_of(bends) { wave(i, j) } else { 0.0 });
        let shift = |at: u32, by: f64| at.saturating_add_signed(by as i32);
        World { x: shift(ORIGIN[0] + i * step, dx), y: shift(ORIGIN[1] + j * step, dy) }
    };
    let cell = |id: u32| {
        let (i, j) = (id % n * bends, id / n * bends);
        let sides = (0..bends).map(|k| corner(i + k, j)).chain((0..bends).map(|k| corner(i + bends, j + k)));
        let back = (0..bends).map(|k| corner(i + bends - k, j + bends)).chain((0..bends).map(|k| corner(i, j + bends - k)));
        Shape { id: i64::from(id), polygons: vec![vec![sides.chain(back).collect()]] }
    };
    (0..n * n).map(cell).collect()
}

/// Writes the cells of a tile; returns features and bytes.
pub(crate) fn cell_tile(coverage: &Coverage, tile: TileId) -> (usize, usize) {
    let mut layer = LayerWriter::new("cells");
    let code = layer.key("code");
    coverage.tile(
        tile,
        64,
        |_| true,
        |id, rings| {
            let value = layer.int(id);
            layer.polygon(Some(id as u64), rings, &[code, value]);
        },
    );
    let mut out = TileWriter::default();
    out.add(&layer);
    (layer.feature_count(), out.finish().len())
}
