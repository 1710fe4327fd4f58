// An answer of an analysis: its places, or shapes of its own, by class. Geometry and class come from the tiles of the answer;
// where a later answer speaks of the same places, its classes are given as states and no tile is asked for anew.
import { byZoom, tileSource, type Layer } from './layer'

export const ANALYSIS = 'analysis'
export const ANALYSIS_FILL = 'analysis-fill'

const CLASS = ['coalesce', ['feature-state', 'k'], ['get', 'class'], '']
const during = (state: 'hover' | 'selected') => ['case', ['boolean', ['feature-state', state], false], 1, 0] as unknown as number
/** What a warning does not speak of steps back. */
const dimmed = (from: number) => ['case', ['boolean', ['feature-state', 'dim'], false], from * 0.16, from]

export const analysis: Layer = {
  id: 'analysis',
  title: 'nav.disputes',
  sources(view) {
    if (!view.analysis) return {} as Record<string, never>
    const source = tileSource([], { maxzoom: 14 })
    return {
      [ANALYSIS]: {
        ...source, tiles: [`mb:///tiles/analysis/${view.analysis.id}/{z}/{x}/{y}`],
        ...(view.analysis.places ? { promoteId: { analysis: 'code' } } : {}),
      },
    }
  },
  parts(view, c) {
    if (!view.analysis) return []
    const from = { source: ANALYSIS, 'source-layer': 'analysis' } as const
    const round = { 'line-cap': 'round', 'line-join': 'round' } as const
    const colours = view.analysis.colours.flatMap(([name, colour]) => (colour ? [name, colour] : []))
    const colour = (colours.length ? ['match', CLASS, ...colours, c.land] : c.land) as unknown as string
    return [
      {
        at: 'cell-fill',
        spec: { id: ANALYSIS_FILL, type: 'fill', ...from, paint: { 'fill-color': colour, 'fill-opacity': dimmed(view.analysis.places ? 0.88 : 0.6) as unknown as number, 'fill-antialias': false, 'fill-color-transition': { duration: 200 } } },
      },
      {
        at: 'hatch', // too few to say: hatched, never coloured
        spec: { id: 'analysis-hatch', type: 'fill', ...from, paint: { 'fill-pattern': `hatch-${view.theme}`, 'fill-opacity': ['case', ['==', CLASS, 'too_few'], dimmed(0.9), 0] as unknown as number } },
      },
      {
        at: 'cell-line',
        spec: { id: 'analysis-line', type: 'line', ...from, layout: round, paint: { 'line-color': view.analysis.places ? c.cell : c.maple, 'line-width': byZoom(9, 0.4, 11, 0.8, 13, 1.4, 15, 2), 'line-opacity': 0.85 } },
      },
      { at: 'hover', spec: { id: 'analysis-hover', type: 'line', ...from, layout: round, paint: { 'line-color': c.select, 'line-width': 1.6, 'line-opacity': during('hover') } } },
      { at: 'selection', spec: { id: 'analysis-selection-halo', type: 'line', ...from, layout: round, paint: { 'line-color': c.selectHalo, 'line-width': 6, 'line-opacity': during('selected') } } },
      { at: 'selection', spec: { id: 'analysis-selection', type: 'line', ...from, layout: round, paint: { 'line-color': c.select, 'line-width': 2.6, 'line-opacity': during('selected') } } },
    ]
  },
}
