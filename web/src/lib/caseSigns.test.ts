import { expect, it } from 'vitest'
import { caseSign, daysLeft, parseCaseSign, shapeOf, SHAPES, TONES, toneOf } from './caseSigns'

const categories = [
  { code: '02', name_zh: '邻里', name_en: 'Neighbours', category_group: 'neighbours', sensitive: false },
  { code: '08', name_zh: '征地拆迁', name_en: 'Expropriation', category_group: 'land', sensitive: false },
]

it('shapes follow the group, and what has none is a hexagon', () => {
  expect(shapeOf('02', categories)).toBe('circle')
  expect(shapeOf('08', categories)).toBe('hexagon')
  expect(shapeOf('??', categories)).toBe('hexagon')
})

it('a name of a sign reads back', () => {
  for (const shape of SHAPES) for (const tone of TONES) expect(parseCaseSign(caseSign(shape, tone, 'dark'))).toEqual({ shape, tone, theme: 'dark' })
  expect(parseCaseSign('sign:F08:5min:plain:light')).toBeNull()
})

it('the colour is the clock, and a case at an end has none', () => {
  const of = (due_on: string | null, state = 'in_process') => toneOf({ due_on, state }, '2026-11-24')
  expect([of('2026-11-23'), of('2026-11-24'), of('2026-11-25'), of(null), of('2026-11-01', 'closed')]).toEqual(['maple', 'yellow', 'blue', 'ink', 'ink'])
  expect(daysLeft({ due_on: '2026-11-20', state: 'accepted' }, '2026-11-24')).toBe(-4)
})
