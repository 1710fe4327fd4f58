// Cells coloured by an amount, their borders, names, and what is hovered or chosen.
// Far out the layer holds the villages, townships or counties that cells give way to: a density is comparable and gets
// the same colours, a number of households is not and leaves the land bare.
import type { Bounds } from '../lib/breaks'
import { ramp } from '../lib/ramps'
import { byZoom, CELL_LEVEL, FEW, FONT, isOfCases, PLACES, placesSource, type Layer, type Measure } from './layer'

/** `colours` has one more entry than `bounds`. */
export function stepColours(measure: Measure, bounds: Bounds, colours: string[]): string {
  const first = colours[0]!
  if (!bounds.length) return first
  const value = ['coalesce', ['get', measure], 0]
  return ['step', value, first, ...bounds.flatMap((b, i) => [b, colours[i + 1]!])] as unknown as string
}

/** The class that was given to the feature as its state. */
const STATE = ['coalesce', ['feature-state', 'k'], -9]
/** Colours by the class of each place, bare land where it has none. */
export function stateColours(colours: string[], land: string): string {
  return ['step', STATE, land, ...colours.flatMap((colour, k) => [k, colour])] as unknown as string
}

/** An area in place of cells that would be too small to tell apart. */
const standsForCells = ['<', ['coalesce', ['get', 'level'], CELL_LEVEL], CELL_LEVEL]

/** 1 while the feature has this state, else 0, for opacities. */
const during = (state: 'hover' | 'selected') => ['case', ['boolean', ['feature-state', state], false], 1, 0] as unknown as number

export const cells: Layer = {
  id: 'cells',
  title: 'layers.cellColour',
  sources: placesSource,
  parts(view, c) {
    const from = { source: PLACES, 'source-layer': 'cells' } as const
    const { measure, bounds } = view.cells
    const colours = ramp(view.cells.ramp, view.theme, bounds.length + 1)
    const step = stepColours(measure, bounds, colours)
    const ofCases = isOfCases(measure)
    const colour = ofCases ? stateColours(colours, c.land) : measure === 'density' ? step : (['case', standsForCells, c.land, step] as unknown as string)
    const round = { 'line-cap': 'round', 'line-join': 'round' } as const
    return [
      {
        at: 'cell-fill', // the area that answers a click and hover, coloured or not
        spec: {
          id: 'cell-fill', type: 'fill', ...from,
          paint: {
            'fill-color': view.cells.on ? colour : c.land,
            'fill-opacity': view.cells.on ? view.cells.opacity : 0,
            'fill-antialias': false,
            'fill-color-transition': { duration: 200 },
          },
        },
      },
      ...(view.cells.on && ofCases
        ? [{
            at: 'hatch' as const, // too few to say: hatched, never coloured
            spec: {
              id: 'cell-hatch', type: 'fill' as const, ...from,
              paint: { 'fill-pattern': `hatch-${view.theme}`, 'fill-opacity': ['case', ['==', STATE, FEW], 0.9, 0] as unknown as number },
            },
          }]
        : []),
      {
        at: 'cell-line',
        spec: {
          id: 'cell-line', type: 'line', ...from, layout: round,
          paint: {
            'line-color': view.cells.on || view.analysis?.places ? c.cell : c.cellPlain,
            'line-width': byZoom(9, 0.4, 11, 0.8, 13, 1.4, 15, 2),
            'line-opacity': view.cells.on ? 0.85 : 0.75,
          },
        },
      },
      {
        at: 'hover',
        spec: {
          id: 'cell-hover', type: 'line', ...from, layout: round,
          paint: { 'line-color': c.select, 'line-width': 1.6, 'line-opacity': during('hover') },
        },
      },
      {
        at: 'selection',
        spec: {
          id: 'cell-selection-halo', type: 'line', ...from, layout: round,
          paint: { 'line-color': c.selectHalo, 'line-width': 6, 'line-opacity': during('selected') },
        },
      },
      {
        at: 'selection',
        spec: {
          id: 'cell-selection', type: 'line', ...from, layout: round,
          paint: { 'line-color': c.select, 'line-width': 2.6, 'line-opacity': during('selected') },
        },
      },
      {
        at: 'cell-label',
        spec: {
          id: 'cell-label', type: 'symbol', source: PLACES, 'source-layer': 'cell_labels', minzoom: 13,
          layout: {
            'text-field': ['coalesce', ['get', view.lang === 'en' ? 'name_en' : 'short_name'], ['get', 'name']], 'text-font': FONT, 'text-size': 12.5,
            'text-variable-anchor': ['center', 'bottom', 'top'], 'text-radial-offset': 1,
          },
          paint: { 'text-color': c.label, 'text-halo-color': c.halo, 'text-halo-width': 1.8 },
        },
      },
    ]
  },
}
