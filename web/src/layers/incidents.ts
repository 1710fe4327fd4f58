// Cases at their safe places, one sign each from zoom 13; farther out a dot for each bin. Only for readers with case rights.
import { byZoom, FONT_BOLD, tileSource, type Layer, type SourceSpecification } from './layer'

export const INCIDENTS = 'incidents'
/** From here on the tiles hold single cases. */
export const INCIDENTS_FROM = 13

export const incidents: Layer = {
  id: 'incidents',
  title: 'layers.incidents',
  sources(view) {
    const sources: Record<string, SourceSpecification> = {}
    if (view.incidents) sources[INCIDENTS] = tileSource(['incidents'], { maxzoom: 16 }, view.incidents.query ? `?${view.incidents.query}` : '')
    return sources
  },
  parts(view, c) {
    if (!view.incidents) return []
    const from = { source: INCIDENTS, 'source-layer': 'incidents' } as const
    const { signs, selected } = view.incidents
    const [first] = signs
    const image = first ? (['match', ['get', 'category'], ...signs.flat(), first[1]] as unknown as string) : ''
    return [
      {
        at: 'incident',
        spec: {
          id: 'incident-bin', type: 'circle', ...from, filter: ['has', 'count'],
          paint: {
            'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 3, 3, 6, 10, 13, 30, 22],
            'circle-color': c.blue, 'circle-opacity': 0.85, 'circle-stroke-color': c.surface, 'circle-stroke-width': 1,
          },
        },
      },
      {
        at: 'incident',
        spec: {
          id: 'incident-bin-count', type: 'symbol', ...from, filter: ['>=', ['coalesce', ['get', 'count'], 0], 12],
          layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': FONT_BOLD, 'text-size': 11 },
          paint: { 'text-color': c.onBlue },
        },
      },
      ...(selected
        ? [{
            at: 'incident' as const,
            spec: {
              id: 'incident-selection', type: 'circle' as const, ...from, filter: ['==', ['to-string', ['id']], selected] as never,
              paint: { 'circle-radius': 20, 'circle-color': c.blue, 'circle-opacity': 0.18, 'circle-stroke-color': c.blue, 'circle-stroke-width': 2 },
            },
          }]
        : []),
      ...(image
        ? [{
            at: 'incident' as const,
            spec: {
              id: 'incident', type: 'symbol' as const, ...from, filter: ['!', ['has', 'count']] as never,
              layout: { 'icon-image': image, 'icon-size': byZoom(13, 0.8, 15, 1), 'icon-allow-overlap': true, 'icon-padding': 0 },
            },
          }]
        : []),
    ]
  },
}
