// Colours of the map itself, one object a theme. The same values stand in ui/tokens.css for everything drawn by CSS;
// theme.test.ts holds the two together.
import type { Theme } from './ramps'

export interface MapTheme {
  land: string
  outside: string
  water: string
  waterLabel: string
  green: string
  building: string
  street: string
  streetCase: string
  rail: string
  label: string
  label2: string
  halo: string
  cell: string
  cellPlain: string
  town: string
  county: string
  select: string
  selectHalo: string
  blue: string
  onBlue: string
  surface: string
  ink: string
  ink2: string
  few: string
  fewHatch: string
  maple: string
  levelYellow: string
}

/** Which custom property of tokens.css each colour is. */
export const TOKENS: Record<keyof MapTheme, string> = {
  land: 'map-land', outside: 'map-outside', water: 'map-water', waterLabel: 'map-water-label', green: 'map-green',
  building: 'map-building', street: 'map-street', streetCase: 'map-street-case', rail: 'map-rail', label: 'map-label',
  label2: 'map-label-2', halo: 'map-halo', cell: 'map-cell', cellPlain: 'map-cell-plain', town: 'map-town',
  county: 'map-county', select: 'map-select', selectHalo: 'map-select-halo', blue: 'blue', onBlue: 'on-blue',
  surface: 'surface', ink: 'ink', ink2: 'ink-2', few: 'few', fewHatch: 'few-hatch', maple: 'maple',
  levelYellow: 'level-yellow',
}

export const MAP_THEMES: Record<Theme, MapTheme> = {
  light: {
    land: '#f4f3ef', outside: '#eceae4', water: '#c9dbe4', waterLabel: '#3e6378', green: '#e2e9da', building: '#dedbd3',
    street: '#ffffff', streetCase: '#dcd9d1', rail: '#bdbab2', label: '#2a343e', label2: '#5a646e', halo: '#ffffff',
    cell: '#ffffff', cellPlain: '#9aa3ab', town: '#3b4650', county: '#17212b', select: '#17212b', selectHalo: '#ffffff',
    blue: '#1d4e80', onBlue: '#ffffff', surface: '#ffffff', ink: '#17212b', ink2: '#4a5562',
    few: '#ecebe6', fewHatch: '#7b8289', maple: '#b8401f', levelYellow: '#b58900',
  },
  dark: {
    land: '#171d23', outside: '#11161b', water: '#10303f', waterLabel: '#6fa3ba', green: '#1a2622', building: '#242c34',
    street: '#2b343d', streetCase: '#12171c', rail: '#3c4650', label: '#e3e8ed', label2: '#a3aeb8', halo: '#10151b',
    cell: '#10151b', cellPlain: '#56616c', town: '#c3ccd4', county: '#e8ecf0', select: '#ffffff', selectHalo: '#10151b',
    blue: '#86b6e8', onBlue: '#0e1b29', surface: '#182028', ink: '#e8ecf0', ink2: '#b1bbc5',
    few: '#1d252d', fewHatch: '#66717c', maple: '#f08a66', levelYellow: '#e3c04a',
  },
}
