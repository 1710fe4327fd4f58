import { expect, it } from 'vitest'
import type { Rights } from '../api/types'
import { firstOf, workspacesOf } from './workspaces'

const none: Rights = {
  map: false, households: false, cases: false, published: false, write_facilities: false, write_households: false, write_cells: false,
  imports: false, settings: false, users: false, audit: false,
}
const names = (rights: Partial<Rights>) => workspacesOf({ ...none, ...rights }).map(({ name }) => name)

it('each role finds what it may use and nothing else', () => {
  expect(names({ map: true, cases: true, published: true })).toEqual(['today', 'map', 'disputes'])
  expect(names({ map: true, published: true })).toEqual(['today', 'map', 'disputes'])
  expect(names({ map: true, imports: true, settings: true })).toEqual(['map', 'data', 'admin'])
  expect(names({ users: true })).toEqual(['admin'])
  expect(names({ audit: true })).toEqual(['admin'])
  expect(names({})).toEqual([])
})

it('who works on cases begins with the day', () => {
  expect(firstOf({ ...none, map: true, cases: true })).toBe('today')
  expect(firstOf({ ...none, map: true, published: true })).toBe('map')
  expect(firstOf({ ...none, audit: true })).toBe('audit')
  expect(firstOf({ ...none, users: true })).toBe('admin')
  expect(firstOf(none)).toBe('map')
})
