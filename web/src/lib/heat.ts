// Heat reckoned from a tile: the density at every pixel, by the formula that the server's points are made for.
//
//   density = Σ weight · 9 / (2π h²) · exp(−4.5 (d / r)²)
//
// h is the bandwidth in km, r the bandwidth in pixels (`radius_z0_px`, doubled with each zoom), d the distance in pixels.
// A tile carries the points within reach around it, so each is drawn by itself and neighbours agree on their edge.
import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import type { Bounds } from './breaks'
import { parseHex } from './ramps'

/** Tile units along one side, as the server writes them. */
const EXTENT = 4096
/** Pixels along one side of a tile. */
export const TILE_PX = 512
/** Beyond so many radii nothing of a point is reckoned. */
const REACH = 1.5

/** A bin: where it lies in pixels of its tile, what it weighs, the bandwidth in pixels. */
export interface HeatPoint { x: number; y: number; weight: number; radius: number }

/** The points of the layer `heat` of a tile of zoom `z`, its buffer included. */
export function decodeHeat(bytes: ArrayBuffer, z: number): HeatPoint[] {
  const layer = bytes.byteLength ? new VectorTile(new PbfReader(bytes)).layers.heat : undefined
  const points: HeatPoint[] = []
  for (let i = 0; i < (layer?.length ?? 0); i++) {
    const feature = layer!.feature(i)
    const weight = Number(feature.properties.weight)
    const radius = Number(feature.properties.radius_z0_px) * 2 ** z
    for (const part of feature.loadGeometry()) {
      for (const { x, y } of part) points.push({ x: (x * TILE_PX) / EXTENT, y: (y * TILE_PX) / EXTENT, weight, radius })
    }
  }
  return points
}

/** Densities on a grid over the tile, `step` pixels apart, the edges included: row by row, `side` a row. */
export interface HeatGrid { step: number; side: number; values: Float32Array }

/** Pixels between samples: fine enough that a straight line between two is within a hundredth of the kernel's height. */
function stepFor(points: readonly HeatPoint[]): number {
  const narrowest = points.reduce((least, p) => Math.min(least, p.radius), Infinity)
  return narrowest >= 48 ? 4 : narrowest >= 24 ? 2 : 1
}

export function heatGrid(points: readonly HeatPoint[], bandwidthM: number, step = stepFor(points)): HeatGrid {
  const side = TILE_PX / step + 1
  const values = new Float32Array(side * side)
  const height = 9 / (2 * Math.PI * (bandwidthM / 1000) ** 2)
  const column = new Float64Array(side)
  for (const { x, y, weight, radius } of points) {
    const reach = REACH * radius
    const [x0, x1] = samples(x, reach, step, side)
    const [y0, y1] = samples(y, reach, step, side)
    for (let i = x0; i <= x1; i++) column[i] = Math.exp(-4.5 * ((i * step - x) / radius) ** 2)
    for (let j = y0; j <= y1; j++) {
      const share = weight * height * Math.exp(-4.5 * ((j * step - y) / radius) ** 2)
      for (let i = x0; i <= x1; i++) values[j * side + i]! += share * column[i]!
    }
  }
  return { step, side, values }
}

function samples(at: number, reach: number, step: number, side: number): [number, number] {
  return [Math.max(0, Math.ceil((at - reach) / step)), Math.min(side - 1, Math.floor((at + reach) / step))]
}

/** The density at a place of the tile in pixels, straight between the samples. */
export function densityAt({ step, side, values }: HeatGrid, x: number, y: number): number {
  const [u, v] = [x / step, y / step]
  const [i, j] = [Math.min(side - 2, Math.floor(u)), Math.min(side - 2, Math.floor(v))]
  const [fx, fy] = [u - i, v - j]
  const at = j * side + i
  return (values[at]! * (1 - fx) + values[at + 1]! * fx) * (1 - fy) + (values[at + side]! * (1 - fx) + values[at + side + 1]! * fx) * fy
}

/** The picture of a tile: below the first bound nothing, above each the colour of its class. RGBA, 512 × 512. */
export function heatPixels(grid: HeatGrid, bounds: Bounds, colours: readonly string[]): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(TILE_PX * TILE_PX * 4)
  const palette = colours.map(parseHex)
  for (let y = 0; y < TILE_PX; y++) {
    for (let x = 0; x < TILE_PX; x++) {
      const value = densityAt(grid, x + 0.5, y + 0.5)
      let k = bounds.length
      while (k > 0 && value < bounds[k - 1]!) k--
      if (!k) continue
      const at = (y * TILE_PX + x) * 4
      pixels.set(palette[k - 1]!, at)
      pixels[at + 3] = 255
    }
  }
  return pixels
}

/**
 * Five bounds of the row 1, 2, 5, 10 … for densities up to `most`: few enough figures to remember, the same for every zoom.
 * The last leaves a class above it as long as `most` reaches half way to the next number of the row.
 */
export function heatBounds(most: number): Bounds {
  if (!(most > 0)) return []
  const power = Math.floor(Math.log10(most * 0.8))
  const row = [-2, -1, 0].flatMap((k) => [1, 2, 5].map((n) => Number(`${n}e${power + k}`)))
  return row.filter((n) => n <= most * 0.8).slice(-5)
}
