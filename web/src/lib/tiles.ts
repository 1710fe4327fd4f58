// Which tiles cover what is seen. Web Mercator, x to the east, y to the south.
import type { Bbox } from '../api/types'

export interface Tile { z: number; x: number; y: number }

const MAX_LATITUDE = 85.0511287798

/** How far beyond its edge a tile holds what is drawn in it, as a share of its side: the server's buffer and rounding. */
const BUFFER = 66 / 4096

const across = (lon: number, z: number) => ((lon + 180) / 360) * 2 ** z

function down(lat: number, z: number): number {
  const phi = (Math.min(MAX_LATITUDE, Math.max(-MAX_LATITUDE, lat)) * Math.PI) / 180
  return ((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * 2 ** z
}

const within = (at: number, z: number) => Math.min(2 ** z - 1, Math.max(0, Math.floor(at)))
const column = (lon: number, z: number) => within(across(lon, z), z)
const row = (lat: number, z: number) => within(down(lat, z), z)

/** Whether a tile shows any of the boxes. */
export function isTouched({ z, x, y }: Tile, boxes: Bbox[]): boolean {
  return boxes.some(([west, south, east, north]) =>
    across(west, z) <= x + 1 + BUFFER && across(east, z) >= x - BUFFER && down(north, z) <= y + 1 + BUFFER && down(south, z) >= y - BUFFER)
}

/** All tiles of zoom `z` that touch the box. */
export function tilesOver([west, south, east, north]: Bbox, z: number): Tile[] {
  const tiles: Tile[] = []
  for (let y = row(north, z); y <= row(south, z); y++) {
    for (let x = column(west, z); x <= column(east, z); x++) tiles.push({ z, x, y })
  }
  return tiles
}

/** The largest zoom at which at most `most` tiles cover the box. */
export function zoomForTiles(box: Bbox, most: number, deepest = 14): number {
  for (let z = deepest; z > 0; z--) if (tilesOver(box, z).length <= most) return z
  return 0
}

/** `/tiles/cells/{z}/{x}/{y}` with the numbers put in. */
export function tileUrl(template: string, { z, x, y }: Tile): string {
  return template.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y))
}
