// Which tiles cover what is seen. Web Mercator, x to the east, y to the south.
import type { Bbox } from '../api/types'

export interface Tile { z: number; x: number; y: number }

const MAX_LATITUDE = 85.0511287798

function column(lon: number, z: number): number {
  return Math.min(2 ** z - 1, Math.max(0, Math.floor(((lon + 180) / 360) * 2 ** z)))
}

function row(lat: number, z: number): number {
  const phi = (Math.min(MAX_LATITUDE, Math.max(-MAX_LATITUDE, lat)) * Math.PI) / 180
  const y = (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2
  return Math.min(2 ** z - 1, Math.max(0, Math.floor(y * 2 ** z)))
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
