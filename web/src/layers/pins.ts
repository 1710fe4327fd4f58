// Signs of a list that stands beside the map: the cases of today, the faulty rows of a file.
import { FONT, type Layer } from './layer'

export const PINS = 'pins'

export const pins: Layer = {
  id: 'pins',
  title: 'layers.pins',
  sources: (view) =>
    view.pins.length
      ? {
          [PINS]: {
            type: 'geojson',
            data: {
              type: 'FeatureCollection',
              features: view.pins.map(({ id, at, sign, order = 0 }) => ({
                type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties: { id, sign, order },
              })),
            },
          },
        }
      : ({} as Record<string, never>),
  parts: (view) =>
    view.pins.length
      ? [
          {
            at: 'pin',
            spec: {
              id: 'pin', type: 'symbol', source: PINS,
              layout: {
                'icon-image': ['get', 'sign'], 'icon-allow-overlap': true, 'icon-padding': 0, 'symbol-sort-key': ['get', 'order'], 'text-font': FONT,
              },
            },
          },
        ]
      : [],
}
