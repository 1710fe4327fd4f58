// Pictures of another server under the data, where one is configured and chosen; the server's own base map gives way to them.
import type { SourceSpecification } from '@maplibre/maplibre-gl-style-spec'
import type { Layer } from './layer'

const name = (i: number) => `raster-${i}`

export const raster: Layer = {
  id: 'raster',
  title: 'layers.base',
  sources: (view) => {
    const it = view.raster
    const source = (tiles: string[]): SourceSpecification => ({ type: 'raster', tiles, tileSize: it!.tile_size, minzoom: it!.min_zoom, maxzoom: it!.max_zoom })
    return Object.fromEntries((it?.layers ?? []).map((tiles, i) => [name(i), source(tiles)]))
  },
  parts: (view) =>
    (view.raster?.layers ?? []).map((_, i) => ({
      at: 'raster',
      spec: {
        id: name(i), type: 'raster', source: name(i),
        // by night a bright picture would outshine the data
        paint: view.theme === 'dark' ? { 'raster-brightness-max': 0.55, 'raster-saturation': -0.4 } : { 'raster-saturation': -0.25 },
      },
    })),
}
