import { expect, it } from 'vitest'
import { over, parseHex, ramp, type RampName, type Theme } from './ramps'

const luminance = (colour: string) => parseHex(colour).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i]!, 0)

it('amounts run from near the base to far from it in both themes', () => {
  for (const name of ['quantity', 'viridis', 'cividis', 'load'] satisfies RampName[]) {
    for (const [theme, direction] of [['light', -1], ['dark', 1]] satisfies [Theme, number][]) {
      const steps = ramp(name, theme).map(luminance)
      for (let i = 1; i < steps.length; i++) expect((steps[i]! - steps[i - 1]!) * direction).toBeGreaterThan(0)
    }
  }
})

it('fewer classes keep both ends of the ramp', () => {
  const five = ramp('quantity', 'light')
  for (const count of [2, 3, 4]) {
    const fewer = ramp('quantity', 'light', count)
    expect(fewer).toHaveLength(count)
    expect([fewer[0], fewer.at(-1)]).toEqual([five[0], five[4]])
    expect(new Set(fewer).size).toBe(count)
  }
})

it('a colour over a base lies between the two', () => {
  expect(over('#000000', '#ffffff', 0.5)).toBe('#808080')
  expect(over('#123456', '#ffffff', 1)).toBe('#123456')
  expect(over('#123456', '#abcdef', 0)).toBe('#abcdef')
  expect(() => over('red', '#ffffff', 1)).toThrow('red')
})
