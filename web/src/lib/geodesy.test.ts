import { expect, it } from 'vitest'
import { areaOf, distance, inDatum, lengthOf } from './geodesy'

it('lengths are those of the ellipsoid to a millimetre', () => {
  // one degree of the meridian at the equator, and of the equator itself
  expect(distance([120, 0], [120, 1])).toBeCloseTo(110574.389, 2)
  expect(distance([120, 0], [121, 0])).toBeCloseTo(111319.491, 2)
  expect(lengthOf([[120, 0], [121, 0], [121, 1]])).toBeCloseTo(111319.491 + 110574.389, 1)
  expect(distance([1, 1], [1, 1])).toBe(0)
})

it('areas are those of the ellipsoid to a thousandth', () => {
  // the cell between 29° and 29.01°: metres of latitude times metres of longitude in its middle
  const side = distance([120, 29.005], [120.01, 29.005]) * distance([120.005, 29], [120.005, 29.01])
  const square: [number, number][] = [[120, 29], [120.01, 29], [120.01, 29.01], [120, 29.01]]
  expect(areaOf(square) / side).toBeCloseTo(1, 4)
  expect(areaOf([...square].reverse())).toBeCloseTo(areaOf(square), 3)
  expect(areaOf(square.slice(0, 2))).toBe(0)
})

it('GCJ-02 lies some hundred metres beside, the others at the same place', () => {
  const at: [number, number] = [116.404, 39.915]
  const gcj = inDatum(at, 'GCJ-02')
  expect(gcj[0]).toBeCloseTo(116.41024, 4)
  expect(gcj[1]).toBeCloseTo(39.91640, 4)
  expect(inDatum(at, 'CGCS2000')).toEqual(at)
})
