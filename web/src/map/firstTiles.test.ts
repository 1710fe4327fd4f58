import { describe, expect, it } from 'vitest'
import type { StyleSpecification } from '../layers/layer'
import { firstTiles } from './firstTiles'

const style = (layers: object[]): StyleSpecification => ({
  version: 8, layers: layers as never,
  sources: {
    places: { type: 'vector', tiles: ['mb:///tiles/areas,cells/{z}/{x}/{y}'], maxzoom: 12 },
    bins: { type: 'vector', tiles: ['mb:///tiles/facilities/{z}/{x}/{y}?kind=F08'], maxzoom: 9 },
    outside: { type: 'raster', tiles: ['https://example.org/{z}/{x}/{y}'] },
  },
})
const places = { id: 'land', type: 'fill', source: 'places' }
const box: [number, number, number, number] = [0.1, 0.1, 0.2, 0.2]

describe('the tiles that a map is about to ask for', () => {
  it('are those over what is seen, at the whole zoom below', () => {
    expect(firstTiles(style([places]), box, 10.9)).toEqual(['/tiles/areas,cells/10/512/511'])
  })
  it('stop at the deepest zoom of their source', () => {
    expect(firstTiles(style([places]), box, 14)[0]).toMatch(/^\/tiles\/areas,cells\/12\//)
  })
  it('are not asked for by a layer that is not drawn at this zoom, nor by a hidden one', () => {
    const bins = { id: 'bin', type: 'circle', source: 'bins', maxzoom: 10 }
    expect(firstTiles(style([bins]), box, 9.5)).toEqual(['/tiles/facilities/9/256/255?kind=F08'])
    expect(firstTiles(style([bins]), box, 10)).toEqual([])
    expect(firstTiles(style([{ ...places, layout: { visibility: 'none' } }]), box, 10)).toEqual([])
  })
  it('are of this server alone', () => {
    expect(firstTiles(style([{ id: 'outside', type: 'raster', source: 'outside' }]), box, 10)).toEqual([])
  })
})
