import { expect, it } from 'vitest'
import { isTouched, tileUrl, tilesOver, zoomForTiles } from './tiles'

it('the whole world is one tile at zoom 0 and four at zoom 1', () => {
  expect(tilesOver([-180, -85, 180, 85], 0)).toEqual([{ z: 0, x: 0, y: 0 }])
  expect(tilesOver([-180, -85, 180, 85], 1)).toHaveLength(4)
})

it('a point lies in the tile that every map gives it (London, 14/8186/5448)', () => {
  expect(tilesOver([-0.1278, 51.5074, -0.1278, 51.5074], 14)).toEqual([{ z: 14, x: 8186, y: 5448 }])
})

it('the zoom for few tiles keeps to the number', () => {
  const county: [number, number, number, number] = [119.3, 29.5, 119.7, 29.8]
  const z = zoomForTiles(county, 4)
  expect(tilesOver(county, z).length).toBeLessThanOrEqual(4)
  expect(tilesOver(county, z + 1).length).toBeGreaterThan(4)
})

it('addresses are filled in', () => {
  expect(tileUrl('/tiles/cells/{z}/{x}/{y}?kind=F08', { z: 3, x: 2, y: 1 })).toBe('/tiles/cells/3/2/1?kind=F08')
})

it('a tile is touched by what lies in it or within its buffer, at every zoom', () => {
  const [lon, lat] = [120.005, 29.01]
  const grain: [number, number, number, number] = [lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001]
  for (let z = 0; z <= 18; z++) {
    const own = tilesOver([lon, lat, lon, lat], z)[0]!
    expect(isTouched(own, [grain])).toBe(true)
    if (z >= 4) expect(isTouched({ ...own, x: own.x + 3 }, [[lon, lat, lon, lat]])).toBe(false)
    if (z >= 4) expect(isTouched({ ...own, y: own.y - 3 }, [[lon, lat, lon, lat]])).toBe(false)
  }
  const edge = (360 / 2 ** 10) * 3 - 180
  expect(isTouched({ z: 10, x: 2, y: 400 }, [[edge + 0.005, -80, edge + 0.005, 80]])).toBe(true)
  expect(isTouched({ z: 10, x: 2, y: 400 }, [[edge + 0.006, -80, edge + 0.006, 80]])).toBe(false)
  expect(isTouched({ z: 10, x: 2, y: 400 }, [])).toBe(false)
})
