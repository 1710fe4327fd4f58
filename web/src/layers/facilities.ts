// Facilities: one sign a place from zoom 10; farther out a dot for each bin, larger the more there are.
import { signName } from '../lib/signs'
import { byZoom, FONT, FONT_BOLD, tileSource, type Layer, type Part, type SourceSpecification, type View } from './layer'

export const FACILITIES = 'facilities'
export const FACILITY_BINS = 'facility-bins'
/** From here on the tiles hold single places. */
export const SINGLE_FROM = 10

export const facilities: Layer = {
  id: 'facilities',
  title: 'layers.facilities',
  sources(view) {
    const sources: Record<string, SourceSpecification> = {}
    if (!view.facilities.shown.length) return sources
    // one source for all kinds, so that ticking a kind asks for nothing; bins are summed by the server and so ask by kind
    sources[FACILITIES] = {
      ...tileSource(['facilities'], { minzoom: SINGLE_FROM, maxzoom: 16 }),
      promoteId: { facilities: 'id' },
    }
    sources[FACILITY_BINS] = tileSource(['facilities'], { maxzoom: SINGLE_FROM - 1 }, `?kind=${view.facilities.shown.join(',')}`)
    return sources
  },
  parts(view, c) {
    if (!view.facilities.shown.length) return []
    const single = { source: FACILITIES, 'source-layer': 'facilities', minzoom: SINGLE_FROM } as const
    const bins = { source: FACILITY_BINS, 'source-layer': 'facilities', maxzoom: SINGLE_FROM } as const
    const parts: Part[] = [
      {
        at: 'facility',
        spec: {
          id: 'facility-bin', type: 'circle', ...bins, filter: ['has', 'count'],
          paint: {
            'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 2.4, 3, 5, 10, 11, 30, 20],
            'circle-color': c.ink2, 'circle-opacity': 0.9, 'circle-stroke-color': c.surface, 'circle-stroke-width': 0.8,
          },
        },
      },
      {
        at: 'facility',
        spec: {
          id: 'facility-bin-count', type: 'symbol', ...bins, filter: ['>=', ['coalesce', ['get', 'count'], 0], 25],
          layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': FONT_BOLD, 'text-size': 11 },
          paint: { 'text-color': c.surface },
        },
      },
      {
        at: 'facility',
        spec: {
          id: 'facility', type: 'symbol', ...single,
          filter: ['in', ['get', 'kind'], ['literal', view.facilities.shown]],
          layout: {
            'icon-image': signImage(view),
            'icon-size': byZoom(10, 0.5, 11.5, 0.66, 13, 0.92, 15, 1),
            'icon-allow-overlap': true, 'icon-padding': 0,
            'symbol-sort-key': ['case', ['==', ['get', 'kind'], view.facilities.focus ?? ''], 1, 0],
            'text-field': ['step', ['zoom'], '', 15.5, ['coalesce', ['get', 'name'], '']],
            'text-font': FONT, 'text-size': 11.5, 'text-optional': true, 'text-offset': [0, 1.4], 'text-anchor': 'top',
          },
          paint: { 'text-color': c.label2, 'text-halo-color': c.halo, 'text-halo-width': 1.5 },
        },
      },
    ]
    if (view.facilities.selected) {
      parts.unshift({
        at: 'facility',
        spec: {
          id: 'facility-selection', type: 'circle', ...single, filter: ['==', ['to-string', ['get', 'id']], view.facilities.selected],
          paint: {
            'circle-radius': byZoom(10, 11, 13, 18, 15, 21), 'circle-color': c.selectHalo, 'circle-opacity': 0.75,
            'circle-stroke-color': c.select, 'circle-stroke-width': 2.4,
          },
        },
      })
    }
    return parts
  },
}

function signImage(view: View): string {
  const { kinds, focus } = view.facilities
  const image = (kind: string) =>
    signName(kind, kinds.find((k) => k.code === kind)?.tier ?? '15min', kind === focus, view.theme)
  const [first, ...others] = view.facilities.shown
  if (!others.length) return image(first!)
  const cases = view.facilities.shown.flatMap((kind) => [kind, image(kind)])
  return ['match', ['get', 'kind'], ...cases, image(first!)] as unknown as string
}
