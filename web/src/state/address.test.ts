import { expect, it } from 'vitest'
import { NO_CHOICE } from './caseFilter'
import { readAddress, writeAddress, type Address } from './address'

const full: Address = {
  camera: { lon: 119.39, lat: 29.57801, zoom: 12.25 },
  selection: { what: 'cell', code: '990321001009002' },
  measure: 'household_count', method: 'standard', kinds: ['F08', 'F12'],
  heat: 'households', cases: { categories: ['01', '02'], sources: ['hotline_12345'], states: [], from: '2026-01-01', to: '' },
  incidents: false, list: null, within: null,
}

it('a view goes into the address and comes back the same', () => {
  for (const address of [full, { ...full, selection: { what: 'facility' as const, id: '01JABC' } }, { ...full, kinds: [] }, { ...full, measure: 'rate' as const, method: 'natural' as const, incidents: true, list: 'incidents' as const, within: '990321001' },
    { ...full, selection: { what: 'incident' as const, id: '17' } }, { ...full, selection: { what: 'household' as const, id: '18' } }, { ...full, heat: null, cases: NO_CHOICE }]) {
    const query = writeAddress({ ...address, theme: 'dark', lang: 'en' })
    expect(readAddress(query as never)).toEqual(address)
  }
})

it('an address that somebody mangled opens the plain view', () => {
  const nothing: Address = { camera: null, selection: null, measure: null, method: null, kinds: null, heat: null, cases: NO_CHOICE, incidents: false, list: null, within: null }
  expect(readAddress({})).toEqual(nothing)
  expect(readAddress({ at: '1,2', cell: '12<script>', by: 'luck', classes: 'x', heat: 'luck', category: '<b>', from: 'today', list: 'x', within: 'y', case: '../1' })).toEqual(nothing)
  expect(readAddress({ at: '999,2,3' }).camera).toBeNull()
})
