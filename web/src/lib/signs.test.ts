import { expect, it } from 'vitest'
import { glyphPath, parseSign, pathOf, signName } from './signs'

const kinds = Array.from({ length: 29 }, (_, i) => `F${String(i + 1).padStart(2, '0')}`)

it('each of the 29 kinds has a glyph of its own make', () => {
  const pin = glyphPath('F99')
  for (const kind of kinds) {
    expect([kind, /^M[\d. -]/i.test(glyphPath(kind))]).toEqual([kind, true])
    expect([kind, glyphPath(kind) === pin]).toEqual([kind, false])
  }
})

it('strokes of a glyph start where they were drawn, not where the last one ended', () => {
  expect(glyphPath('F08')).toMatch(/M0 0m11 17 2 2.*M0 0m14 14/)
})

it('sign names are read back', () => {
  expect(parseSign(signName('F08', '5min', true, 'dark'))).toEqual({ kind: 'F08', tier: '5min', chosen: true, theme: 'dark' })
  expect(parseSign('hatch')).toBeNull()
  expect(parseSign('sign:F08:9min:plain:light')).toBeNull()
})

it('every shape of the glyphs becomes a path', () => {
  expect(pathOf('line', { x1: 1, y1: 2, x2: 3, y2: 4 })).toBe('M1 2L3 4')
  expect(pathOf('circle', { cx: 12, cy: 9, r: 2 })).toBe('M10 9a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z')
  expect(pathOf('rect', { x: 0, y: 0, width: 4, height: 2 })).toContain('Z')
})
