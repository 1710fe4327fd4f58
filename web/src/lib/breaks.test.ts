import { describe, expect, it } from 'vitest'
import { classOf, countByClass, geometric, natural, quantile, round2, sizeRule } from './breaks'

const hundred = Array.from({ length: 100 }, (_, i) => i + 1)

describe('quantile classes', () => {
  it('hold equal numbers of places', () => {
    expect(quantile(hundred)).toEqual([21, 41, 61, 81])
    expect(countByClass(hundred, quantile(hundred))).toEqual([20, 20, 20, 20, 20])
  })
  it('never part places of the same value', () => {
    const tied = [...new Array(90).fill(3), ...new Array(10).fill(7)]
    expect(countByClass(tied, quantile(tied))).toEqual([90, 10])
    expect(quantile(new Array(5).fill(2))).toEqual([])
  })
  it('of nothing are one class', () => expect(quantile([])).toEqual([]))
})

describe('geometric classes', () => {
  it('span the same ratio each', () => {
    const powers = Array.from({ length: 101 }, (_, i) => 10 ** (i / 20))
    const bounds = geometric(powers)
    expect(bounds).toHaveLength(4)
    const ratios = bounds.slice(1).map((b, i) => b / bounds[i]!)
    for (const ratio of ratios) expect(ratio).toBeGreaterThan(7)
    for (const ratio of ratios) expect(ratio).toBeLessThan(9)
  })
  it('keep zeros in the first class', () => {
    expect(classOf(0, geometric([0, 0, 1, 2, 4, 8, 16]))).toBe(0)
  })
  it('of one value are one class', () => expect(geometric([4, 4, 4])).toEqual([]))
})

describe('the size rule', () => {
  it('counts both ends of the rule as within', () => {
    const bounds = sizeRule({ min: 300, max: 500 })
    expect([100, 299, 300, 500, 501, 900].map((v) => classOf(v, bounds))).toEqual([0, 1, 2, 2, 3, 4])
  })
})

it('class counts add up to all places, whatever the bounds', () => {
  const values = [0, 0.1, 3, 3, 8.5, 1000]
  for (const bounds of [[], [3], [0.1, 3, 8], [-1, 5000]]) {
    expect(countByClass(values, bounds).reduce((a, b) => a + b, 0)).toBe(values.length)
  }
})

it('bounds are printed with two figures', () => {
  expect([0, 0.0123, 1.234, 87.6, 12345].map(round2)).toEqual([0, 0.012, 1.2, 88, 12000])
})

describe('natural breaks', () => {
  it('fall between the heaps', () => {
    expect(natural([1, 1.1, 1.2, 5, 5.1, 5.2, 9, 9.1, 9.2], 3)).toEqual([5, 9])
    expect(natural([0, 0, 0, 10, 10, 50], 3)).toEqual([10, 50])
  })
  it('of few different values are as many classes', () => {
    expect(natural([4, 4, 4])).toEqual([])
    expect(natural([4, 4, 7])).toEqual([7])
    expect(natural([])).toEqual([])
  })
  it('of many values come in a blink', () => {
    const many = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 4801)
    const began = performance.now()
    expect(natural(many)).toHaveLength(4)
    expect(performance.now() - began).toBeLessThan(500)
  })
})
