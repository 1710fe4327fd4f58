import { expect, it } from 'vitest'
import { addDays, daysBetween, interval, rateOf, today } from './rates'

it('the interval is that of the Poisson distribution to a hundredth of its width', () => {
  // exact: χ² quantiles
  for (const [count, low, high] of [[1, 0.0253, 5.5716], [3, 0.6187, 8.7673], [10, 4.7954, 18.3904], [100, 81.3639, 121.6270]] as const) {
    const [l, h] = interval(count)
    expect(Math.abs(l - low)).toBeLessThan(0.04)
    expect(Math.abs(h - high)).toBeLessThan(0.04)
  }
  expect(interval(0)[0]).toBe(0)
  expect(interval(0)[1]).toBeCloseTo(3.69, 1)
})

it('a rate is per 1,000 households and year', () => {
  expect(rateOf(13, 322, 365)!.value).toBeCloseTo(40.37, 2)
  expect(rateOf(13, 322, 730)!.value).toBeCloseTo(20.19, 2)
  expect(rateOf(1, 0, 365)).toBeNull()
})

it('days are civil days', () => {
  expect(daysBetween('2026-01-01', '2026-01-01')).toBe(1)
  expect(daysBetween('2025-11-25', '2026-11-24')).toBe(365)
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01')
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
  expect(today(new Date(2026, 10, 4, 23, 59))).toBe('2026-11-04')
})
