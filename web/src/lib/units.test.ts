import { expect, it } from 'vitest'
import { formatBound, formatDay, formatInstant, formatKm2, formatLength, formatNumber, formatRange, groupCode, niceLength } from './units'

it('codes are grouped by level', () => {
  expect(groupCode('990321001009002')).toBe('990321 001 009 002')
  expect(groupCode('990321001')).toBe('990321 001')
  expect(groupCode('99')).toBe('99')
})

it('numbers have thousands, true minus and no needless zeros', () => {
  expect(formatNumber(44779)).toBe('44,779')
  expect(formatNumber(-2)).toBe('−2')
  expect([2, 4.5, 0.25, 120, 0].map(formatBound)).toEqual(['2', '4.5', '0.25', '120', '0'])
  expect([760_000, 12_340_000, 1_234_000_000].map(formatKm2)).toEqual(['0.76', '12.3', '1,234'])
})

it('people are a range, never a false exactness', () => {
  expect(formatRange(701, 893)).toBe('700–900')
  expect(formatRange(null, 3)).toBeNull()
})

it('the year stands only when it is not this one', () => {
  const now = new Date(2026, 10, 24, 9)
  expect(formatInstant(new Date(2026, 10, 24, 8, 5), 'zh-CN', now)).toBe('11月24日 08:05')
  expect(formatInstant(new Date(2026, 10, 24, 8, 5), 'en', now)).toBe('24 Nov, 08:05')
  expect(formatInstant(new Date(2025, 0, 2, 8, 5), 'zh-CN', now)).toBe('2025年1月2日 08:05')
  expect(formatInstant('rubbish', 'en', now)).toBe('')
})

it('scale bars are round and fit', () => {
  expect([1234, 620, 99, 5.1].map(niceLength)).toEqual([1000, 500, 50, 5])
  expect([2000, 500].map(formatLength)).toEqual(['2 km', '500 m'])
})

it('a day says its year only when it is another', () => {
  const now = new Date(2026, 10, 24)
  expect([formatDay('2026-11-04', 'zh-CN', now), formatDay('2025-01-31', 'zh-CN', now)]).toEqual(['11月4日', '2025年1月31日'])
  expect([formatDay('2026-11-04', 'en', now), formatDay('2025-01-31', 'en', now), formatDay('', 'en', now)]).toEqual(['4 Nov', '31 Jan 2025', ''])
})
