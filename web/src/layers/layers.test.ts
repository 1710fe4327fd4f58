import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec'
import { expect, it } from 'vitest'
import type { FacilityKind } from '../api/types'
import { stateColours, stepColours } from './cells'
import { HEAT, HEAT_PROTOCOL, heatColours, readLook, writeLook } from './heat'
import { buildStyle, LAYERS } from './index'
import { ORDER, PROTOCOL, type View } from './layer'

const kinds: FacilityKind[] = [
  { code: 'F08', name_zh: '人民调解室', name_en: 'mediation room', tier: '5min' },
  { code: 'F12', name_zh: '卫生服务站', name_en: 'health post', tier: '10min' },
]
const view: View = {
  theme: 'light', lang: 'zh-CN', home: { code: '990321', level: 6 },
  cells: { on: true, measure: 'density', bounds: [2, 3, 4.5, 8], ramp: 'quantity', opacity: 0.82 },
  townships: true, villages: true, households: true,
  facilities: { kinds, shown: ['F08', 'F12'], focus: 'F08', selected: null }, heat: null,
  incidents: null, pins: [], analysis: null, measured: null,
}
const heat = { query: 'bandwidth_m=800&per=km2', bounds: [1, 2, 5, 10, 20], bandwidthM: 800, withheld: false }
const variants: [string, View][] = [
  ['as it opens', view],
  ['dark', { ...view, theme: 'dark' }],
  ['English', { ...view, lang: 'en' }],
  ['a village of its own', { ...view, home: { code: '990321001009', level: 12 } }],
  ['one class', { ...view, cells: { ...view.cells, bounds: [] } }],
  ['by the size rule', { ...view, cells: { ...view.cells, measure: 'household_count', ramp: 'sizeRule', bounds: [150, 300, 501, 751] } }],
  ['nothing shown', { ...view, townships: false, villages: false, households: false, cells: { ...view.cells, on: false }, facilities: { ...view.facilities, shown: [] } }],
  ['heat from cases', { ...view, heat }],
  ['heat from published numbers', { ...view, heat: { ...heat, bounds: [2], withheld: true } }],
  ['heat of nothing', { ...view, heat: { ...heat, bounds: [] } }],
  ['cases one by one', { ...view, incidents: { query: 'state=registered', signs: [['02', 'case:circle:blue:light']], selected: '17' } }],
  ['rates', { ...view, cells: { ...view.cells, measure: 'rate', ramp: 'load', bounds: [10, 20] } }],
  ['pins and a measured area', { ...view, pins: [{ id: '1', at: [120, 29], sign: 'case:circle:maple:light' }], measured: { line: [[120, 29], [120.1, 29], [120.1, 29.1]], area: true } }],
  ['a measured line', { ...view, measured: { line: [[120, 29], [120.1, 29]], area: false } }],
  ['one kind, one chosen', { ...view, facilities: { kinds, shown: ['F12'], focus: null, selected: '01J' } }],
  ['a kind that the list does not know', { ...view, facilities: { kinds: [], shown: ['F99', 'F98'], focus: 'F99', selected: null } }],
]

it.each(variants)('the style is valid: %s', (_, variant) => {
  expect(validateStyleMin(buildStyle(variant)).map((e) => e.message)).toEqual([])
})

it('nothing in the style points outside this server', () => {
  const text = JSON.stringify(buildStyle(view))
  expect(text).not.toMatch(/https?:/)
  expect(buildStyle(view)).not.toHaveProperty('glyphs')
  expect(buildStyle(view)).not.toHaveProperty('sprite')
  for (const source of Object.values(buildStyle(view).sources)) {
    expect(JSON.stringify(source)).toContain(`${PROTOCOL}:///tiles/`)
  }
  expect(JSON.stringify(buildStyle({ ...view, heat }).sources[HEAT])).toContain(`${HEAT_PROTOCOL}:///tiles/heat/{z}/{x}/{y}?bandwidth_m=800`)
})

it('layers are drawn in the order of the places, and ids are unique', () => {
  const style = buildStyle(view)
  const ids = style.layers.map((l) => l.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [below, above] of [['land', 'cell-fill'], ['cell-fill', 'cell-line'], ['cell-line', 'water'], ['water', 'road'],
    ['cell-selection', 'facility'], ['facility', 'cell-label'], ['cell-label', 'township-label']]) {
    expect([below, above, ids.indexOf(below!) < ids.indexOf(above!)]).toEqual([below, above, true])
  }
  for (const layer of LAYERS) for (const part of layer.parts(view, {} as never)) expect(ORDER).toContain(part.at)
})

it('every source of a drawn layer is there, and nothing is asked for in vain', () => {
  for (const [, variant] of variants) {
    const style = buildStyle(variant)
    const used = new Set(style.layers.flatMap((l) => ('source' in l ? [l.source] : [])))
    expect([...used].sort()).toEqual(Object.keys(style.sources).sort())
  }
})

it('a step has one colour more than bounds', () => {
  expect(stepColours('density', [1, 2], ['#a', '#b', '#c'])).toEqual(['step', ['coalesce', ['get', 'density'], 0], '#a', 1, '#b', 2, '#c'])
  expect(stepColours('density', [], ['#a'])).toBe('#a')
})

it('the look of heat goes into an address and comes back', () => {
  const look = { bounds: [0.5, 1, 2], colours: heatColours({ ...view, heat: { ...heat, bounds: [0.5, 1, 2] } }), bandwidthM: 400 }
  expect(look.colours).toHaveLength(3)
  expect(readLook(writeLook(look))).toEqual(look)
})

it('a class that came as a state has its colour, and what has none is bare land', () => {
  expect(stateColours(['#a', '#b'], '#land')).toEqual(['step', ['coalesce', ['feature-state', 'k'], -9], '#land', 0, '#a', 1, '#b'])
})
