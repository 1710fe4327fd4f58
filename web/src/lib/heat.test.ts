import { expect, it } from 'vitest'
import { classOf } from './breaks'
import { densityAt, heatBounds, heatGrid, heatPixels, TILE_PX, type HeatPoint } from './heat'

/** The formula, point by point. */
function exact(points: HeatPoint[], km: number, x: number, y: number): number {
  return points.reduce((sum, p) =>
    sum + p.weight * (9 / (2 * Math.PI * km * km)) * Math.exp(-4.5 * (((p.x - x) ** 2 + (p.y - y) ** 2) / p.radius ** 2)), 0)
}

/** Numbers that look random and are the same in every run. */
function dice(seed: number) {
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647
}

it.each([6, 30, 200])('the grid is the formula, between samples too, at a radius of %i px', (radius) => {
  const roll = dice(radius)
  const points = Array.from({ length: 60 }, () => ({ x: roll() * 900 - 200, y: roll() * 900 - 200, weight: 1 + Math.floor(roll() * 5), radius }))
  const grid = heatGrid(points, 800)
  const highest = 9 / (2 * Math.PI * 0.64)
  for (let n = 0; n < 300; n++) {
    const [x, y] = [roll() * TILE_PX, roll() * TILE_PX]
    expect(Math.abs(densityAt(grid, x, y) - exact(points, 0.8, x, y))).toBeLessThan(radius < 24 ? highest * 0.5 : highest * 0.05)
  }
  if (radius >= 24) return
  // farther out a sample is a pixel, and a pixel is what is drawn
  for (let n = 0; n < 300; n++) {
    const [x, y] = [Math.floor(roll() * TILE_PX), Math.floor(roll() * TILE_PX)]
    expect(densityAt(grid, x, y)).toBeCloseTo(exact(points.filter((p) => Math.max(Math.abs(p.x - x), Math.abs(p.y - y)) <= 1.5 * radius), 0.8, x, y), 4)
  }
})

it('two tiles agree on their common edge', () => {
  const roll = dice(5)
  const points = Array.from({ length: 80 }, () => ({ x: roll() * 1024, y: roll() * 512, weight: 1, radius: 90 }))
  const west = heatGrid(points, 800)
  const east = heatGrid(points.map((p) => ({ ...p, x: p.x - TILE_PX })), 800)
  for (let y = 0; y <= TILE_PX; y += 4) expect(densityAt(east, 0, y)).toBeCloseTo(densityAt(west, TILE_PX, y), 6)
})

it('a pixel has the colour of its class and nothing below the first', () => {
  const grid = heatGrid([{ x: 256.5, y: 256.5, weight: 10, radius: 100 }], 800)
  const bounds = [1, 5, 20]
  const colours = ['#010203', '#040506', '#070809']
  const pixels = heatPixels(grid, bounds, colours)
  const seen = new Set<number>()
  for (let x = 0; x < TILE_PX; x++) {
    const k = classOf(densityAt(grid, x + 0.5, 256.5), bounds)
    const at = (256 * TILE_PX + x) * 4
    expect([...pixels.slice(at, at + 4)]).toEqual(k ? [3 * k - 2, 3 * k - 1, 3 * k, 255] : [0, 0, 0, 0])
    seen.add(k)
  }
  expect([...seen].sort()).toEqual([0, 1, 2, 3])
})

it('bounds are five of 1, 2, 5, 10 … below the most', () => {
  expect(heatBounds(37)).toEqual([1, 2, 5, 10, 20])
  expect(heatBounds(6.3)).toEqual([0.2, 0.5, 1, 2, 5])
  expect(heatBounds(0.013)).toEqual([0.0005, 0.001, 0.002, 0.005, 0.01])
  expect(heatBounds(1300)).toEqual([50, 100, 200, 500, 1000])
  expect(heatBounds(0)).toEqual([])
})
