// Water, greens and roads, where the server has them. Without them the map is plain land and works all the same.
import { byZoom, FONT, tileSource, type Layer } from './layer'

export const BASEMAP = 'basemap'
const ROUND = { 'line-cap': 'round', 'line-join': 'round' } as const

export const basemap: Layer = {
  id: 'basemap',
  title: 'layers.title',
  sources: () => ({ [BASEMAP]: tileSource(['water', 'roads', 'greens'], { maxzoom: 15 }) }),
  parts(view, c) {
    const layer = (name: string) => ({ source: BASEMAP, 'source-layer': name }) as const
    const isLine = ['==', ['geometry-type'], 'LineString'] as unknown as boolean
    const isPolygon = ['==', ['geometry-type'], 'Polygon'] as unknown as boolean
    const kind = (name: string) => ['==', ['get', 'kind'], name] as unknown as boolean
    const street = ['!', ['in', ['get', 'kind'], ['literal', ['main', 'rail']]]] as unknown as boolean // and whatever else there is
    const small = (narrow: number, wide: number) => ['case', kind('brook'), narrow, wide] as unknown as number
    const faded = view.cells.on ? byZoom(11, 0.4, 12, 0.5, 14, 0.6) : byZoom(10, 0.8, 13, 1)
    return [
      { at: 'green', spec: { id: 'green', type: 'fill', ...layer('greens'), paint: { 'fill-color': c.green } } },
      {
        at: 'street',
        spec: {
          id: 'street', type: 'line', ...layer('roads'), filter: street, layout: ROUND,
          paint: { 'line-color': c.street, 'line-width': byZoom(10, 0.3, 12, 0.7, 13, 1.2, 14, 2.6, 15, 6, 16, 10), 'line-opacity': faded },
        },
      },
      {
        at: 'water',
        spec: { id: 'water', type: 'fill', ...layer('water'), filter: isPolygon, paint: { 'fill-color': c.water } },
      },
      {
        at: 'water',
        spec: {
          id: 'river', type: 'line', ...layer('water'), filter: isLine, layout: ROUND,
          paint: { 'line-color': c.water, 'line-width': byZoom(9, small(0.4, 1.6), 11, small(1, 3.5), 12, small(1.6, 5), 14, small(4, 14), 15, small(7, 24)) },
        },
      },
      {
        at: 'road',
        spec: {
          id: 'road-case', type: 'line', ...layer('roads'), filter: kind('main'), layout: ROUND,
          paint: { 'line-color': c.streetCase, 'line-width': byZoom(9, 1.6, 11, 3.4, 14, 12, 15, 20) },
        },
      },
      {
        at: 'road',
        spec: {
          id: 'road', type: 'line', ...layer('roads'), filter: kind('main'), layout: ROUND,
          paint: { 'line-color': c.street, 'line-width': byZoom(9, 0.9, 11, 2.1, 14, 9.5, 15, 17) },
        },
      },
      {
        at: 'rail',
        spec: {
          id: 'rail', type: 'line', ...layer('roads'), filter: kind('rail'),
          paint: { 'line-color': c.rail, 'line-width': byZoom(9, 0.8, 14, 2), 'line-dasharray': [5, 2.5] },
        },
      },
      {
        at: 'river-label',
        spec: {
          id: 'river-label', type: 'symbol', ...layer('water'), minzoom: 10, filter: isLine,
          layout: {
            'symbol-placement': 'line', 'text-field': ['coalesce', ['get', 'name'], ''], 'text-font': FONT, 'text-size': 11.5,
            'text-letter-spacing': 0.3, 'symbol-spacing': 700, 'text-max-angle': 40,
          },
          paint: { 'text-color': c.waterLabel, 'text-halo-color': c.water, 'text-halo-width': 1 },
        },
      },
    ]
  },
}
