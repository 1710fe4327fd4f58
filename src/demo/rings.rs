//! From edges to outlines: the edges between different owners, joined corner to corner.

use geo_types::{LineString, Polygon};

use super::land::{E7, coord};
use super::mesh::Mesh;

/// No owner.
pub(super) const NOBODY: u32 = u32::MAX;

/// The outline of every owner's blocks, holes included, outer rings counter-clockwise.
///
/// `owner` gives each block's owner in `0..count` or `NOBODY`. The blocks of an owner must hang together.
/// O(edges log edges).
pub(super) fn outlines(mesh: &Mesh, owner: &[u32], count: usize) -> Vec<Polygon<f64>> {
    // (owner, corner it starts at, edge, whether it is walked backwards)
    let mut walks: Vec<(u32, u32, u32, bool)> = Vec::new();
    for (e, edge) in mesh.edges.iter().enumerate() {
        let (l, r) = (owner[edge.left as usize], owner[edge.right as usize]);
        if l == r {
            continue;
        }
        if l != NOBODY {
            walks.push((l, edge.a, e as u32, false));
        }
        if r != NOBODY {
            walks.push((r, edge.b, e as u32, true));
        }
    }
    walks.sort_unstable();
    let mut out = Vec::with_capacity(count);
    let mut rest = walks.as_slice();
    for who in 0..count as u32 {
        let mine = rest.partition_point(|w| w.0 == who);
        out.push(polygon(mesh, &rest[..mine]));
        rest = &rest[mine..];
    }
    out
}

/// Joins the walks of one owner; every corner is left by exactly one of them.
fn polygon(mesh: &Mesh, walks: &[(u32, u32, u32, bool)]) -> Polygon<f64> {
    let mut used = vec![false; walks.len()];
    let mut rings: Vec<(f64, LineString<f64>)> = Vec::new();
    for first in 0..walks.len() {
        if used[first] {
            continue;
        }
        let mut ring: Vec<E7> = Vec::new();
        let mut at = first;
        loop {
            used[at] = true;
            let (_, _, e, backwards) = walks[at];
            let edge = &mesh.edges[e as usize];
            let mut line = mesh.line(edge);
            if backwards {
                line.reverse();
            }
            let end = if backwards { edge.a } else { edge.b };
            ring.extend_from_slice(&line[..line.len() - 1]);
            at = walks.partition_point(|w| w.1 < end);
            if at == first || at == walks.len() || used[at] {
                break;
            }
        }
        ring.push(ring[0]);
        let twice: i128 = ring
            .windows(2)
            .map(|w| {
                i128::from(w[0][0] - ring[0][0]) * i128::from(w[1][1] - ring[0][1])
                    - i128::from(w[1][0] - ring[0][0]) * i128::from(w[0][1] - ring[0][1])
            })
            .sum();
        rings.push((twice as f64, ring.into_iter().map(coord).collect()));
    }
    // The outer ring is the only one that turns left.
    rings.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut rings = rings.into_iter().map(|r| r.1);
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(outer, rings.collect())
}
