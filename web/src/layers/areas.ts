// Land, borders and names of areas: county, townships, villages, and what is one's own.
import { byZoom, FONT, FONT_BOLD, nameIn, PLACES, placesSource, type Layer, type Part } from './layer'

const round = { 'line-cap': 'round', 'line-join': 'round' } as const

export const areas: Layer = {
  id: 'areas',
  title: 'layers.townships',
  sources: placesSource,
  parts(view, c) {
    const from = { source: PLACES, 'source-layer': 'areas' } as const
    const parts: Part[] = [
      { at: 'land', spec: { id: 'outside', type: 'background', paint: { 'background-color': c.outside } } },
      {
        at: 'land',
        spec: { id: 'land', type: 'fill', ...from, filter: ['<=', ['get', 'level'], 6], paint: { 'fill-color': c.land } },
      },
      {
        at: 'foreign', // areas beside one's own, as far as they are in sight at all
        spec: {
          id: 'foreign', type: 'fill', ...from,
          filter: ['all', ['==', ['get', 'level'], view.home.level], ['!=', ['get', 'own'], true]],
          paint: { 'fill-color': c.land, 'fill-opacity': 0.66 },
        },
      },
      {
        at: 'county-line',
        spec: {
          id: 'county-band', type: 'line', ...from, filter: ['==', ['get', 'level'], 6], layout: round,
          paint: { 'line-color': c.county, 'line-width': byZoom(9, 3, 11, 7, 14, 14), 'line-opacity': 0.1 },
        },
      },
      {
        at: 'county-line',
        spec: {
          id: 'county-line', type: 'line', ...from, filter: ['==', ['get', 'level'], 6], layout: round,
          paint: { 'line-color': c.county, 'line-width': byZoom(9, 1, 11, 1.8, 13, 2.6, 15, 3) },
        },
      },
    ]
    if (view.home.level > 6) {
      parts.push({
        at: 'own-area',
        spec: {
          id: 'own-area', type: 'line', ...from, layout: round,
          filter: ['all', ['==', ['get', 'level'], view.home.level], ['==', ['get', 'own'], true]],
          paint: { 'line-color': c.blue, 'line-width': 2.5 },
        },
      })
    }
    if (view.villages) {
      parts.push({
        at: 'village-line',
        spec: {
          id: 'village-line', type: 'line', ...from, minzoom: 8, filter: ['==', ['get', 'level'], 12], layout: round,
          paint: {
            'line-color': view.cells.on || view.analysis?.places ? c.cell : c.cellPlain,
            'line-width': byZoom(9, 0.6, 11, 1.5, 13, 2.4, 15, 3.2),
            'line-opacity': view.cells.on ? 0.95 : 0.9,
          },
        },
      })
    }
    if (view.townships) {
      // Two areas draw their common border twice, in opposite directions: dashes would fill each other's gaps,
      // so the line is whole and stands out by its halo.
      parts.push(
        {
          at: 'township-line',
          spec: {
            id: 'township-halo', type: 'line', ...from, filter: ['==', ['get', 'level'], 9], layout: round,
            paint: { 'line-color': c.halo, 'line-width': byZoom(9, 1.7, 11, 2.8, 13, 4.2, 15, 5), 'line-opacity': 0.55 },
          },
        },
        {
          at: 'township-line',
          spec: {
            id: 'township-line', type: 'line', ...from, filter: ['==', ['get', 'level'], 9], layout: round,
            paint: { 'line-color': c.town, 'line-width': byZoom(9, 0.5, 11, 0.9, 13, 1.3, 15, 1.7) },
          },
        },
      )
    }
    const label = { source: PLACES, 'source-layer': 'area_labels' } as const
    const halo = { 'text-halo-color': c.halo, 'text-halo-width': 1.8 }
    parts.push(
      {
        at: 'village-label',
        spec: {
          id: 'village-label', type: 'symbol', ...label, minzoom: 11.5, maxzoom: 14.5, filter: ['==', ['get', 'level'], 12],
          layout: { 'text-field': nameIn(view.lang), 'text-font': FONT, 'text-size': 11.5, 'text-padding': 8 },
          paint: { 'text-color': c.label2, ...halo },
        },
      },
      {
        at: 'township-label',
        spec: {
          id: 'township-label', type: 'symbol', ...label, minzoom: 8.5, maxzoom: 13.2, filter: ['==', ['get', 'level'], 9],
          layout: {
            'text-field': nameIn(view.lang), 'text-font': FONT_BOLD, 'text-size': byZoom(9, 12, 12, 15), 'text-padding': 4,
            'text-letter-spacing': view.lang === 'en' ? 0 : 0.08,
          },
          paint: { 'text-color': c.label, ...halo, 'text-halo-width': 2 },
        },
      },
      {
        at: 'township-label',
        spec: {
          id: 'county-label', type: 'symbol', ...label, maxzoom: 8.5, filter: ['<=', ['get', 'level'], 6],
          layout: { 'text-field': nameIn(view.lang), 'text-font': FONT_BOLD, 'text-size': 14, 'text-padding': 4 },
          paint: { 'text-color': c.label, ...halo, 'text-halo-width': 2 },
        },
      },
    )
    return parts
  },
}
