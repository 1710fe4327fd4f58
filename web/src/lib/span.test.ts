import { expect, it } from 'vitest'
import { indices, preset, presetOf, shifted, windowOf, yearBefore } from './span'

const steps = ['01', '02', '03', '04'].map((m) => ({ from: `2026-${m}-01`, to: `2026-${m}-28` }))

it('a window finds its steps and steps make a window', () => {
  expect(indices(steps, { from: '', to: '' })).toEqual([0, 3])
  expect(indices(steps, { from: '2026-02-10', to: '2026-03-05' })).toEqual([1, 2])
  expect(indices(steps, { from: '2027-01-01', to: '' })).toEqual([3, 3])
  expect(indices([], { from: '', to: '' })).toEqual([0, 0])
  expect(windowOf(steps, 2, 1)).toEqual({ from: '2026-02-01', to: '2026-03-28' })
})

it('moves until the end of the row', () => {
  expect(shifted(steps, windowOf(steps, 0, 1), 1)).toEqual(windowOf(steps, 1, 2))
  expect(shifted(steps, windowOf(steps, 2, 3), 1)).toBeNull()
  expect(shifted(steps, windowOf(steps, 0, 1), -1)).toBeNull()
})

it('presets are known again', () => {
  for (const days of [30, 90, 365]) expect(presetOf(preset(days, '2026-11-24'), '2026-11-24')).toBe(String(days))
  expect(presetOf({ from: '', to: '' }, '2026-11-24')).toBe('all')
  expect(presetOf({ from: '2026-01-01', to: '' }, '2026-11-24')).toBe('own')
})

it('a year before is the same days, and there is no 29 February', () => {
  expect(yearBefore({ from: '2024-02-29', to: '2026-11-24' })).toEqual({ from: '2023-02-28', to: '2025-11-24' })
})
