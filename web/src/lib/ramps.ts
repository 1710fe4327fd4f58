// The colours of amounts and classes, and how they come out on the map. Values: ui/tokens.css says where each belongs.

export type Theme = 'light' | 'dark'
export type RampName = 'quantity' | 'viridis' | 'cividis' | 'sizeRule' | 'load'

type FiveColours = readonly [string, string, string, string, string]

const RAMPS: Record<RampName, Record<Theme, FiveColours>> = {
  // YlGnBu; dark runs towards light, so that the most still differs most from the base
  quantity: {
    light: ['#ffffcc', '#a1dab4', '#41b6c4', '#2c7fb8', '#253494'],
    dark: ['#1f2f5c', '#27608f', '#2f96a5', '#77c9a4', '#f2f7b8'],
  },
  viridis: {
    light: ['#fde725', '#5ec962', '#21918c', '#3b528b', '#440154'],
    dark: ['#440154', '#3b528b', '#21918c', '#5ec962', '#fde725'],
  },
  cividis: {
    light: ['#fee838', '#bcaf6f', '#7c7b78', '#414d6b', '#00224e'],
    dark: ['#00224e', '#414d6b', '#7c7b78', '#bcaf6f', '#fee838'],
  },
  // YlOrRd: rates and what weighs on people
  load: {
    light: ['#ffffb2', '#fecc5c', '#fd8d3c', '#f03b20', '#bd0026'],
    dark: ['#43202a', '#8c2a2b', '#d04a2c', '#f58f3e', '#fde58a'],
  },
  // PuOr around the size rule: far under, under, within, over, far over
  sizeRule: {
    light: ['#5e3c99', '#b2abd2', '#f7f7f5', '#fdb863', '#e66101'],
    dark: ['#b9a3ec', '#6a5c98', '#232b33', '#9a6526', '#ff9a3d'],
  },
}

/** `count` colours of a ramp, low to high, spread evenly over its five. */
export function ramp(name: RampName, theme: Theme, count = 5): string[] {
  const five = RAMPS[name][theme]
  if (count <= 1) return [five[2]]
  return Array.from({ length: count }, (_, i) => five[Math.round((i * 4) / (count - 1))] ?? five[4])
}

export function parseHex(colour: string): [number, number, number] {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour)
  if (!hex) throw new Error(`not a #rrggbb colour: ${colour}`)
  return [1, 2, 3].map((i) => parseInt(hex[i]!, 16)) as [number, number, number]
}

/** The colour that the eye gets when `colour` lies over `base` with this opacity (0–1). Legends show this one. */
export function over(colour: string, base: string, opacity: number): string {
  const [top, under] = [parseHex(colour), parseHex(base)]
  return '#' + top.map((v, i) => Math.round(v * opacity + under[i]! * (1 - opacity)).toString(16).padStart(2, '0')).join('')
}
