// What lies under the data, where the server has it: from OpenStreetMap or the demonstration, by the layers and kinds of
// Protomaps' schema 4. Without it the map is plain land and works all the same. Borders and names of areas are the office's own.
import { byZoom, FONT, tileSource, type Layer, type View } from './layer'

export const BASEMAP = 'basemap'
/** Grounds that are drawn green; the others stay land. */
const GREEN = [
  'wood', 'forest', 'park', 'grass', 'grassland', 'scrub', 'meadow', 'orchard', 'vineyard', 'allotments', 'garden', 'cemetery', 'wetland',
  'nature_reserve', 'national_park', 'protected_area', 'golf_course', 'recreation_ground', 'village_green',
]
const ROUND = { 'line-cap': 'round', 'line-join': 'round' } as const

export const basemap: Layer = {
  id: 'basemap',
  title: 'layers.title',
  sources: (view) => view.raster ? ({} as Record<string, never>) : ({ [BASEMAP]: tileSource(['landuse', 'water', 'roads', 'buildings', 'places'], { maxzoom: 15 }) }),
  parts(view, c) {
    if (view.raster) return []
    const layer = (name: string) => ({ source: BASEMAP, 'source-layer': name }) as const
    const isLine = ['==', ['geometry-type'], 'LineString'] as unknown as boolean
    const isPolygon = ['==', ['geometry-type'], 'Polygon'] as unknown as boolean
    const among = (...names: string[]) => ['in', ['get', 'kind'], ['literal', names]] as unknown as boolean
    const main = among('highway', 'major_road')
    const street = among('minor_road', 'path', 'aeroway', 'other')
    const width = (...stops: number[]) => byZoom(...stops.map((stop, i) => (i % 2 ? (['case', among('path'), stop / 3, stop] as unknown as number) : stop)))
    /** Main roads by rank: in a town most of them are of the lower ones. */
    const ranked = (wide: number) => ['match', ['get', 'kind_detail'], ['motorway', 'trunk', 'primary', ''], wide, ['secondary'], wide * 0.7, wide * 0.5] as unknown as number
    const rank = (...stops: number[]) => byZoom(...stops.map((stop, i) => (i % 2 ? ranked(stop) : stop)))
    const small = (narrow: number, wide: number) => ['case', among('river'), wide, narrow] as unknown as number
    const faded = view.cells.on ? byZoom(11, 0.4, 12, 0.5, 14, 0.6) : byZoom(10, 0.8, 13, 1)
    return [
      { at: 'green', spec: { id: 'green', type: 'fill', ...layer('landuse'), filter: among(...GREEN), paint: { 'fill-color': c.green } } },
      { at: 'green', spec: { id: 'beach', type: 'fill', ...layer('landuse'), filter: among('sand', 'beach'), paint: { 'fill-color': c.outside } } },
      {
        at: 'building',
        spec: {
          id: 'building', type: 'fill', ...layer('buildings'), minzoom: 14,
          paint: { 'fill-color': c.building, 'fill-opacity': byZoom(14, 0.4, 15, view.cells.on ? 0.6 : 1) },
        },
      },
      {
        at: 'street',
        spec: {
          id: 'street', type: 'line', ...layer('roads'), filter: street, layout: ROUND,
          paint: { 'line-color': c.street, 'line-width': width(10, 0.3, 12, 0.7, 13, 1.2, 14, 2.6, 15, 6, 16, 10), 'line-opacity': faded },
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
          id: 'road-case', type: 'line', ...layer('roads'), filter: main, layout: ROUND,
          paint: { 'line-color': c.streetCase, 'line-width': rank(9, 1.6, 11, 3.4, 14, 12, 15, 20) },
        },
      },
      {
        at: 'road',
        spec: {
          id: 'road', type: 'line', ...layer('roads'), filter: main, layout: ROUND,
          paint: { 'line-color': c.street, 'line-width': rank(9, 0.9, 11, 2.1, 14, 9.5, 15, 17) },
        },
      },
      {
        at: 'rail',
        spec: {
          id: 'rail', type: 'line', ...layer('roads'), filter: among('rail'),
          paint: { 'line-color': c.rail, 'line-width': byZoom(9, 0.8, 14, 2), 'line-dasharray': [5, 2.5] },
        },
      },
      {
        at: 'river-label',
        spec: {
          id: 'river-label', type: 'symbol', ...layer('water'), minzoom: 10, filter: isLine,
          layout: {
            'symbol-placement': 'line', 'text-field': named(view.lang), 'text-font': FONT, 'text-size': 11.5,
            'text-letter-spacing': view.lang === 'en' ? 0.05 : 0.3, 'symbol-spacing': 700, 'text-max-angle': 40,
          },
          paint: { 'text-color': c.waterLabel, 'text-halo-color': c.water, 'text-halo-width': 1 },
        },
      },
      {
        at: 'river-label',
        spec: {
          id: 'road-label', type: 'symbol', ...layer('roads'), minzoom: 14, filter: among('highway', 'major_road', 'minor_road'),
          layout: {
            'symbol-placement': 'line', 'text-field': named(view.lang), 'text-font': FONT, 'text-size': 11,
            'symbol-spacing': 400, 'text-max-angle': 35, 'text-padding': 6,
          },
          paint: { 'text-color': c.label2, 'text-halo-color': c.halo, 'text-halo-width': 1.2 },
        },
      },
      {
        at: 'river-label',
        spec: { // names that no area of the office has
          id: 'hamlet-label', type: 'symbol', ...layer('places'), minzoom: 13,
          filter: ['in', ['get', 'kind_detail'], ['literal', ['hamlet', 'isolated_dwelling', 'neighbourhood']]],
          layout: { 'text-field': named(view.lang), 'text-font': FONT, 'text-size': 11, 'text-padding': 10 },
          paint: { 'text-color': c.label2, 'text-halo-color': c.halo, 'text-halo-width': 1.2 },
        },
      },
    ]
  },
}

function named(lang: View['lang']) {
  return (lang === 'en' ? ['coalesce', ['get', 'name:en'], ['get', 'name'], ''] : ['coalesce', ['get', 'name'], '']) as unknown as string
}
