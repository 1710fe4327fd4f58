import { expect, it } from 'vitest'
import { readAddress, writeAddress, type Address } from './address'

const full: Address = {
  camera: { lon: 119.39, lat: 29.57801, zoom: 12.25 },
  selection: { what: 'cell', code: '990321001009002' },
  measure: 'household_count', method: 'standard', kinds: ['F08', 'F12'],
}

it('a view goes into the address and comes back the same', () => {
  for (const address of [full, { ...full, selection: { what: 'facility' as const, id: '01JABC' } }, { ...full, kinds: [] }]) {
    const query = writeAddress({ ...address, theme: 'dark', lang: 'en' })
    expect(readAddress(query as never)).toEqual(address)
  }
})

it('an address that somebody mangled opens the plain view', () => {
  const nothing: Address = { camera: null, selection: null, measure: null, method: null, kinds: null }
  expect(readAddress({})).toEqual(nothing)
  expect(readAddress({ at: '1,2', cell: '12<script>', by: 'luck', classes: 'x' })).toEqual(nothing)
  expect(readAddress({ at: '999,2,3' }).camera).toBeNull()
})
