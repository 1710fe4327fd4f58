// What a layer is: plain data and pure functions, so that the whole style is tested without a browser.
import type { LayerSpecification, SourceSpecification, StyleSpecification, VectorSourceSpecification } from '@maplibre/maplibre-gl-style-spec'
import type { BaseMap, FacilityKind, LonLat } from '../api/types'
import type { Bounds } from '../lib/breaks'
import type { RampName, Theme } from '../lib/ramps'
import type { MapTheme } from '../lib/theme'
import type { Lang } from '../lib/units'

export type { LayerSpecification, SourceSpecification, StyleSpecification }

export type Measure = 'density' | 'household_count' | 'rate' | 'cases'

/** Measures that tiles do not carry: their classes come as states of the features. */
export const isOfCases = (measure: Measure) => measure === 'rate' || measure === 'cases'
/** In place of a class: too few to say, none at all. */
export const FEW = -1
export const NONE = -2
/** Cases, but nobody to count them by. */
export const NO_BASE = -3

/** A sign at a place that does not come from tiles: a case of a list, a faulty row of a file. */
export interface Pin { id: string; at: LonLat; sign: string; order?: number }

/** Everything that decides how the map looks. */
export interface View {
  theme: Theme
  lang: Lang
  home: { code: string; level: number }
  cells: { on: boolean; measure: Measure; bounds: Bounds; ramp: RampName; opacity: number }
  townships: boolean
  villages: boolean
  facilities: { kinds: FacilityKind[]; shown: string[]; focus: string | null; selected: string | null }
  households: boolean
  /** Density of incidents: the query of its tiles, the bounds of its classes, and whether places are withheld from this reader. */
  heat: { query: string; bounds: Bounds; bandwidthM: number; withheld: boolean } | null
  /** Cases one by one, from tiles: their query, and the sign of each category. */
  incidents: { query: string; signs: [category: string, sign: string][]; selected: string | null } | null
  pins: Pin[]
  /** Pictures of another server in place of the server's own base map. */
  raster?: BaseMap | null
  /** An answer of an analysis: its tiles, whether it is of places with a code, and the colour of each class; null: hatched. */
  analysis: { id: number; places: boolean; colours: [name: string, colour: string | null][] } | null
  /** What is being measured: a line, or an area from the third place on. */
  measured: { line: LonLat[]; area: boolean } | null
}

/**
 * The places in the drawing order, bottom to top. A layer says where each of its parts goes;
 * data lies under water, roads and labels: that is what makes it a map and not a chart.
 */
export const ORDER = [
  'land', 'raster', 'green', 'cell-fill', 'hatch', 'building', 'street', 'cell-line', 'village-line', 'water', 'road', 'rail', 'foreign',
  'township-line', 'county-line', 'heat', 'own-area', 'household', 'hover', 'selection', 'facility', 'incident', 'pin',
  'river-label', 'village-label', 'cell-label', 'township-label', 'measured',
] as const
export type Place = (typeof ORDER)[number]

export interface Part { at: Place; spec: LayerSpecification }

export interface Layer {
  id: string
  /** Key of its name in the locales. */
  title: string
  /** Sources it reads; each is asked for only while a shown layer needs it. */
  sources: (view: View) => Record<string, SourceSpecification>
  parts: (view: View, colours: MapTheme) => Part[]
}

/** Digits of a cell's code; smaller levels are areas. */
export const CELL_LEVEL = 15

/** `[zoom, value, …]` as a straight line between. */
export function byZoom(...stops: number[]) {
  return ['interpolate', ['linear'], ['zoom'], ...stops] as unknown as number
}

/** The second face matters: without it Latin letters fall to the system's own. */
export const FONT = ['Noto Sans CJK SC']
export const FONT_BOLD = ['Noto Sans CJK SC Bold', 'Noto Sans CJK SC']

/** The protocol of api/tiles: the same path, asked for by our own client. */
export const PROTOCOL = 'mb'
export function tileSource(names: string[], zooms: { minzoom?: number; maxzoom: number }, query = ''): VectorSourceSpecification {
  return { type: 'vector', tiles: [`${PROTOCOL}://${tilePath(names)}${query}`], ...zooms }
}
export function tilePath(names: string[]): string {
  return `/tiles/${names.join(',')}/{z}/{x}/{y}`
}

export function nameIn(lang: Lang) {
  return lang === 'en'
    ? (['coalesce', ['get', 'name_en'], ['get', 'name_zh']] as unknown as string)
    : (['get', 'name_zh'] as unknown as string)
}

/** Land and people by area and cell: one source, since they are always seen together. */
export const PLACES = 'places'
export const PLACE_LAYERS = ['areas', 'area_labels', 'cells', 'cell_labels']
export const placesSource = (): Record<string, SourceSpecification> => ({
  [PLACES]: {
    ...tileSource(PLACE_LAYERS, { maxzoom: 16 }),
    promoteId: { cells: 'code', areas: 'code' },
  },
})
