import { expect, it } from 'vitest'
import { changesOf } from './editFields'

const stored = { properties: { name_zh: '调解室', kind: 'F08', operator: null, capacity: 20, barrier_free: null }, at: [120, 29] as [number, number] }

it('only what differs is sent, and what is emptied is emptied in its own way', () => {
  const draft = { name_zh: '调解室 ', kind: 'F08', operator: '', capacity: null, barrier_free: true }
  expect(changesOf('facilities', stored, draft, [120, 29])).toEqual({ properties: { capacity: null, barrier_free: true } })
  expect(changesOf('facilities', stored, { ...stored.properties, name_zh: '新' }, [120.1, 29])).toEqual({
    properties: { name_zh: '新' }, geometry: { type: 'Point', coordinates: [120.1, 29] },
  })
})

it('what was stored before is the change that undoes', () => {
  const after = { properties: { ...stored.properties, name_zh: '新', operator: '街道' }, at: [120.1, 29] as [number, number] }
  expect(changesOf('facilities', after, stored.properties, stored.at)).toEqual({ properties: { name_zh: '调解室', operator: '' }, geometry: { type: 'Point', coordinates: [120, 29] } })
})

it('a new row has what was filled in', () => {
  expect(changesOf('households', null, { household_count: 3, address: '' }, [120, 29])).toEqual({ properties: { household_count: 3 }, geometry: { type: 'Point', coordinates: [120, 29] } })
})
