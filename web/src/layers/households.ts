// Address points with households, only near enough that a block is meant and not a district.
import { byZoom, tileSource, type Layer, type SourceSpecification } from './layer'

export const HOUSEHOLDS = 'households'
export const HOUSEHOLDS_FROM = 15

export const households: Layer = {
  id: 'households',
  title: 'layers.addresses',
  sources(view) {
    const sources: Record<string, SourceSpecification> = {}
    if (view.households) sources[HOUSEHOLDS] = tileSource(['households'], { minzoom: HOUSEHOLDS_FROM, maxzoom: 16 })
    return sources
  },
  parts: (view, c) =>
    view.households
      ? [
          {
            at: 'household',
            spec: {
              id: 'household', type: 'circle', source: HOUSEHOLDS, 'source-layer': 'households', minzoom: HOUSEHOLDS_FROM,
              paint: {
                'circle-radius': [
                  'interpolate', ['linear'], ['sqrt', ['coalesce', ['get', 'household_count'], ['get', 'count'], 1]], 1, 3, 8, 9,
                ],
                'circle-color': c.ink2, 'circle-opacity': byZoom(15, 0.75, 17, 0.9),
                'circle-stroke-color': c.surface, 'circle-stroke-width': 1,
              },
            },
          },
        ]
      : [],
}
