// The tiles that a map is about to ask for. Its threads take a while to begin; what they will ask for is known before.
import { PROTOCOL, type StyleSpecification } from '../layers/layer'
import { tilesOver, tileUrl } from '../lib/tiles'
import type { Bbox } from '../api/types'

/** Paths of the vector tiles of this server that a style draws over `box` at `zoom`, each once. */
export function firstTiles(style: StyleSpecification, box: Bbox, zoom: number): string[] {
  const isDrawn = (source: string) => style.layers.some((it) =>
    'source' in it && it.source === source && it.layout?.visibility !== 'none' && zoom >= (it.minzoom ?? 0) && zoom < (it.maxzoom ?? 25))
  return Object.entries(style.sources).flatMap(([id, source]) => {
    const prefix = `${PROTOCOL}://`
    const template = source.type === 'vector' ? source.tiles?.[0] : undefined
    if (source.type !== 'vector' || !template?.startsWith(prefix) || zoom < (source.minzoom ?? 0) || !isDrawn(id)) return []
    const z = Math.min(Math.floor(zoom), source.maxzoom ?? 22)
    return tilesOver(box, z).map((tile) => tileUrl(template.slice(prefix.length), tile))
  })
}
