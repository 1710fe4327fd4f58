import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ramp, type Theme } from './ramps'
import { MAP_THEMES, TOKENS, type MapTheme } from './theme'

const css = readFileSync('src/ui/tokens.css', 'utf8')
const [lightCss, darkCss] = css.split(/html\.dark \{/) as [string, string]
const token = (theme: Theme, name: string) =>
  new RegExp(`--mb-${name}: (#[0-9a-f]{6})`).exec(theme === 'light' ? lightCss : darkCss)?.[1]

it('the map and the controls have the same colours', () => {
  for (const theme of ['light', 'dark'] satisfies Theme[]) {
    for (const [key, name] of Object.entries(TOKENS)) {
      expect([theme, name, MAP_THEMES[theme][key as keyof MapTheme]]).toEqual([theme, name, token(theme, name)])
    }
  }
})

it('the ramp of amounts and of the size rule is the one of the tokens', () => {
  for (const theme of ['light', 'dark'] satisfies Theme[]) {
    expect(ramp('quantity', theme)).toEqual([1, 2, 3, 4, 5].map((i) => token(theme, `qty-${i}`)))
    expect(ramp('load', theme)).toEqual([1, 2, 3, 4, 5].map((i) => token(theme, `load-${i}`)))
    expect(ramp('sizeRule', theme)).toEqual(['under-2', 'under-1', 'within', 'over-1', 'over-2'].map((n) => token(theme, n)))
  }
})
