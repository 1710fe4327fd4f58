// A line or an area that is being measured.
import type { Layer } from './layer'

export const MEASURED = 'measured'

export const measured: Layer = {
  id: 'measured',
  title: 'layers.measured',
  sources(view) {
    if (!view.measured) return {} as Record<string, never>
    const { line, area } = view.measured
    const path = area && line.length > 2 ? [...line, line[0]!] : line
    const features = [
      ...(path.length > 1 ? [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: path } }] : []),
      ...(area && line.length > 2 ? [{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [path] } }] : []),
      ...line.map((at) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: at } })),
    ]
    return { [MEASURED]: { type: 'geojson', data: { type: 'FeatureCollection', features } as never } }
  },
  parts(view, c) {
    if (!view.measured) return []
    const isA = (kind: string) => ['==', ['geometry-type'], kind] as unknown as boolean
    return [
      { at: 'measured', spec: { id: 'measured-area', type: 'fill', source: MEASURED, filter: isA('Polygon'), paint: { 'fill-color': c.blue, 'fill-opacity': 0.14 } } },
      { at: 'measured', spec: { id: 'measured-line', type: 'line', source: MEASURED, filter: isA('LineString'), paint: { 'line-color': c.blue, 'line-width': 2.5 } } },
      {
        at: 'measured',
        spec: {
          id: 'measured-point', type: 'circle', source: MEASURED, filter: isA('Point'),
          paint: { 'circle-radius': 4, 'circle-color': c.surface, 'circle-stroke-color': c.blue, 'circle-stroke-width': 2 },
        },
      },
    ]
  },
}
