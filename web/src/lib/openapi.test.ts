import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { addressOf, fieldsOf, pieces, reached, rooms, sought, typeOf, type Description } from './openapi'

const described = JSON.parse(readFileSync('../openapi.json', 'utf8')) as Description
const all = rooms(described)
const find = (id: string) => all.flatMap((room) => room.operations).find((it) => it.id === id)!

it('every operation of the description has its place, once', () => {
  const count = Object.values(described.paths).flatMap((path) => Object.keys(path)).length
  expect(all.reduce((sum, room) => sum + room.operations.length, 0)).toBe(count)
  expect(all.every((room) => room.tag !== '')).toBe(true)
})

it('a search keeps what holds all its words', () => {
  const found = sought(all, 'GET audit').flatMap((room) => room.operations.map((it) => it.id))
  expect(found).toContain('list_audit')
  expect(found).not.toContain('create_area')
  expect(sought(all, 'no such word at all')).toEqual([])
  expect(sought(all, '')).toEqual(all)
})

it('types read as one writes them', () => {
  expect(typeOf({ type: ['string', 'null'], format: 'date' })).toBe('string (date) | null')
  expect(typeOf({ type: 'array', items: { $ref: '#/components/schemas/EntryView' } })).toBe('EntryView[]')
  expect(typeOf({ type: 'array', items: { type: ['string', 'null'] } })).toBe('(string | null)[]')
  expect(typeOf({ oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Role' }] })).toBe('null | Role')
  expect(typeOf({ type: 'string', enum: ['oldest', 'newest'] })).toBe('"oldest" | "newest"')
  expect(typeOf(undefined)).toBe('any')
})

it('an answer leads to every schema it speaks of', () => {
  const answer = find('list_audit').answers.find((it) => it.status === '200')!
  expect(reached(described, [answer.schema])).toEqual(expect.arrayContaining(['EntryPage', 'EntryView', 'PageInfo', 'Standing']))
  expect(fieldsOf(described.components.schemas.EntryPage).map((field) => [field.name, field.type, field.required])).toEqual([
    ['items', 'EntryView[]', true], ['page', 'PageInfo', true],
  ])
})

it('an address holds what was filled in and nothing else', () => {
  expect(addressOf(find('list_audit'), { 'query.account': 'at & me', 'query.action': '' })).toBe('/api/audit?account=at+%26+me')
  expect(addressOf(find('find_tile'), { 'path.layers': 'cells,areas', 'path.z': '1', 'path.x': '0', 'path.y': '0' })).toBe('/tiles/cells,areas/1/0/0')
})

it('words in code are told apart', () => {
  expect(pieces('a `b` c')).toEqual([{ code: false, text: 'a ' }, { code: true, text: 'b' }, { code: false, text: ' c' }])
})
