import { describe, expect, it } from 'vitest'
import {
  activeRatio, addMonths, alarmLine, aYearBefore, colourOf, expectedIn, FEW_CLASS, funnelScale, isMonth, lastDay, past, periodBefore, rareFrom, sumOf, ticks, topShares, windows,
} from './disputes'

it('too few has no colour, what chance explains is grey, an unknown class keeps the colour of its legend', () => {
  expect(colourOf(FEW_CLASS, 'light')).toBeNull()
  expect(colourOf('within', 'light')).toBe(colourOf('not_significant', 'light'))
  expect(colourOf('hot', 'light')).not.toBe(colourOf('hot', 'dark'))
  expect(colourOf('quite_new', 'dark', '#123456')).toBe('#123456')
})

describe('periods', () => {
  it('whole months go back by months, other days by days', () => {
    expect(periodBefore({ from: '2026-03-01', to: '2026-03-31' })).toEqual({ from: '2026-02-01', to: '2026-02-28' })
    expect(periodBefore({ from: '2026-01-01', to: '2026-12-31' })).toEqual({ from: '2025-01-01', to: '2025-12-31' })
    expect(periodBefore({ from: '2026-03-11', to: '2026-03-20' })).toEqual({ from: '2026-03-01', to: '2026-03-10' })
    expect(aYearBefore({ from: '2024-02-01', to: '2024-02-29' })).toEqual({ from: '2023-02-01', to: '2023-02-28' })
    expect(aYearBefore({ from: '2024-02-29', to: '2024-03-03' })).toEqual({ from: '2023-02-28', to: '2023-03-03' })
  })
  it('months are counted over the turn of the year', () => {
    expect([addMonths('2026-01', -1), addMonths('2026-12', 1), lastDay('2028-02')]).toEqual(['2025-12', '2027-01', '2028-02-29'])
    expect([isMonth({ from: '2026-02-01', to: '2026-02-28' }), isMonth({ from: '2026-02-01', to: '2026-03-31' })]).toEqual([true, false])
    expect(windows('2026-02', 2, 3)).toEqual([
      { month: '2026-01', days: { from: '2025-11-01', to: '2026-01-31' } }, { month: '2026-02', days: { from: '2025-12-01', to: '2026-02-28' } },
    ])
  })
})

it('sums are of the places inside and leave out what has no households; expected is the whole rate times the own size', () => {
  const rows = [
    { class: 'a', code: '990321001001001', count: 6, denominator: 300 }, { class: 'a', code: '990321001002001', count: 3, denominator: 100 },
    { class: 'a', code: '990321002001001', count: 1, denominator: 100 }, { class: 'a', code: '990321002001002', count: 9, denominator: 0 },
  ]
  expect(sumOf(rows, '990321001')).toEqual({ count: 9, households: 400 })
  expect(expectedIn(rows[0]!, sumOf(rows))).toBe(6)
  expect(expectedIn(rows[3]!, sumOf(rows))).toBeNull()
})

it('the funnel holds every place sideways, and one far-off rate does not press the others flat', () => {
  const near = Array.from({ length: 99 }, (_, i) => ({ x: 100 + i, y: 10 }))
  expect(funnelScale([...near, { x: 900, y: 500 }])).toEqual({ x: 936, y: 10 * 1.6 * 1.08 })
  expect(funnelScale([{ x: 10, y: 2 }]).y).toBeCloseTo(2.16)
  expect(funnelScale([])).toEqual({ x: 1, y: 1 })
  expect(ticks(95, 4)).toEqual([0, 50])
  expect(ticks(60, 3)).toEqual([0, 20, 40, 60])
})

describe('the alarm line', () => {
  it('is where chance comes at most one week in a hundred', () => {
    // Poisson of mean 1: P(X ≥ 4) = 1.9 %, P(X ≥ 5) = 0.37 %; of mean 4: P(X ≥ 9) = 2.1 %, P(X ≥ 10) = 0.81 %
    expect([rareFrom(1, 1), rareFrom(4, 4), rareFrom(0, 0)]).toEqual([5, 10, 2])
    expect(rareFrom(4, 12)).toBeGreaterThan(rareFrom(4, 4))
  })
  it('looks at the weeks before alone, and a rise does not lift its own line', () => {
    const level = Array.from({ length: 30 }, (_, i) => (i % 2 ? 5 : 3))
    const line = alarmLine([...level, 20, 20])
    expect(line.slice(0, 28)).toEqual(new Array(28).fill(null))
    expect(line[31]).toBe(line[29])
    expect(past([...level, 20, 20], line).slice(28)).toEqual([false, false, true, true])
  })
})

it('the active ratio is screening among all channels, and small kinds are put together', () => {
  expect(activeRatio([{ code: 'screening', count: 3 }, { code: 'petition', count: 1 }])).toBe(0.75)
  expect(activeRatio([])).toBeNull()
  const kinds = [{ code: '01', count: 1 }, { code: '02', count: 5 }, { code: '03', count: 2 }, { code: '04', count: null }]
  expect(topShares(kinds, 2)).toEqual([{ code: '02', count: 5 }, { code: 'other', count: 3 }])
  expect(topShares(kinds, 3).map(({ code }) => code)).toEqual(['02', '03', '01'])
})
