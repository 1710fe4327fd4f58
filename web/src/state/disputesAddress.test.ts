import { expect, it } from 'vitest'
import { readDisputes, writeDisputes } from './disputesAddress'

it('what is written is read again', () => {
  const it = { show: 'scan' as const, level: 'village' as const, place: '990321001001', group: 'neighbours', frame: '2026-02', warning: 'W3:17', brief: true }
  expect(readDisputes(writeDisputes(it) as Record<string, string>)).toEqual(it)
})

it('what is no choice is none', () => {
  expect(readDisputes({ show: 'heat', level: 'street', place: '12', frame: 'x', warning: '<b>', brief: 'yes' })).toEqual({
    show: 'hot_spots', level: null, place: null, group: null, frame: null, warning: null, brief: false,
  })
})


it('what stands behind another on the bar has an address of its own', () => {
  for (const show of ['emerging', 'clusters'] as const) expect(readDisputes({ show }).show).toBe(show)
})
