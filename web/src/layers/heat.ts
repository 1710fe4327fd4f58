// Heat: the density of incidents in classes. Drawn tile by tile from the server's bins (lib/heat), not by MapLibre's own
// heatmap: that leaves out what lies beyond the window's edge, so that its colours would change with every move.
import { ramp } from '../lib/ramps'
import { tilePath, tileSource, type Layer, type SourceSpecification, type View } from './layer'

export const HEAT = 'heat'
export const HEAT_WITHHELD = 'heat-withheld'
/** The protocol of map/heatTiles: the path of a heat tile, and after # how it is to look. */
export const HEAT_PROTOCOL = 'mbheat'
export const HEAT_MAX_ZOOM = 16
export const HEAT_OPACITY = 0.75

/** How a picture of heat looks; goes into the address behind #, which no server sees. */
export interface HeatLook { bounds: number[]; colours: string[]; bandwidthM: number }

export function writeLook(look: HeatLook): string {
  return [look.bandwidthM, look.bounds.join(','), look.colours.map((c) => c.slice(1)).join(',')].join(';')
}

export function readLook(text: string): HeatLook {
  const [bandwidth = '', bounds = '', colours = ''] = text.split(';')
  const list = (part: string) => part.split(',').filter(Boolean)
  return { bandwidthM: Number(bandwidth), bounds: list(bounds).map(Number), colours: list(colours).map((c) => `#${c}`) }
}

export function heatColours(view: View): string[] {
  return view.heat ? ramp('load', view.theme, view.heat.bounds.length) : []
}

export const heat: Layer = {
  id: 'heat',
  title: 'layers.heat',
  sources(view) {
    const sources: Record<string, SourceSpecification> = {}
    if (!view.heat) return sources
    const { query, bounds, bandwidthM, withheld } = view.heat
    if (bounds.length) {
      const look = writeLook({ bounds, bandwidthM, colours: heatColours(view) })
      sources[HEAT] = {
        type: 'raster', tiles: [`${HEAT_PROTOCOL}://${tilePath(['heat'])}?${query}#${look}`], tileSize: 512, maxzoom: HEAT_MAX_ZOOM,
      }
    }
    if (withheld) sources[HEAT_WITHHELD] = tileSource(['heat_withheld'], { maxzoom: 14 }, `?${query}`)
    return sources
  },
  parts(view, c) {
    if (!view.heat) return []
    const withheld = { source: HEAT_WITHHELD, 'source-layer': 'heat_withheld' } as const
    return [
      ...(view.heat.bounds.length
        ? [{
            at: 'heat' as const,
            spec: { id: 'heat', type: 'raster' as const, source: HEAT, paint: { 'raster-opacity': HEAT_OPACITY, 'raster-fade-duration': 0 } },
          }]
        : []),
      ...(view.heat.withheld
        ? [
            { at: 'heat' as const, spec: { id: 'heat-withheld', type: 'fill' as const, ...withheld, paint: { 'fill-color': c.few, 'fill-antialias': false } } },
            { at: 'heat' as const, spec: { id: 'heat-hatch', type: 'fill' as const, ...withheld, paint: { 'fill-pattern': `hatch-${view.theme}` } } },
          ]
        : []),
    ]
  },
}
