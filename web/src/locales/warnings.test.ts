import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import en from './en/warnings'
import zh from './zh-CN/warnings'

it('every number of every rule of warnings has a name in both languages', () => {
  const rooms = readdirSync('../src/warnings/rules').map((name) => readFileSync(`../src/warnings/rules/${name}`, 'utf8'))
  const keys = rooms.flatMap((text) => [...text.matchAll(/numbers: &\[([^\]]+)\]/g)].flatMap(([, list]) => [...list!.matchAll(/"(\w+)"/g)].map(([, key]) => key!)))
  expect(keys.length).toBeGreaterThan(20)
  for (const { numbers } of [zh, en]) expect(keys.filter((key) => !(key in numbers))).toEqual([])
})
