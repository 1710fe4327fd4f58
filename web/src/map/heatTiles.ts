// Pictures of heat for MapLibre: the protocol that fetches a tile's bins and reckons every pixel of it.
import { loadTile } from '../api/tiles'
import { HEAT_PROTOCOL, readLook } from '../layers/heat'
import { decodeHeat, heatGrid, heatPixels, TILE_PX } from '../lib/heat'

/** The path of the tile behind an address of the protocol, as the server knows it. */
export function heatPath(url: string): string {
  return url.slice(`${HEAT_PROTOCOL}://`.length).split('#')[0]!
}

/** The picture; no bytes where the tile holds nothing. */
export async function loadHeat(url: string, signal: AbortSignal): Promise<ImageBitmap | ArrayBuffer> {
  const path = heatPath(url)
  const { bounds, colours, bandwidthM } = readLook(url.split('#')[1] ?? '')
  const z = Number(path.split('/')[3])
  const points = decodeHeat(await loadTile(path, signal), z)
  if (!points.length) return new ArrayBuffer(0)
  const pixels = heatPixels(heatGrid(points, bandwidthM), bounds, colours)
  return createImageBitmap(new ImageData(pixels, TILE_PX, TILE_PX))
}
