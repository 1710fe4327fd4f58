// The view as a web address and back, so that a copied link opens the same view. Pure; panels/MapView wires it.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Method } from '../lib/breaks'
import { NO_CHOICE, type CaseChoice } from './caseFilter'
import type { HeatPer } from './heat'
import { LISTS, type ListNoun, type Selection } from './mapView'
import type { Measure } from '../layers/layer'

export interface Camera { lon: number; lat: number; zoom: number }

export interface Address {
  camera: Camera | null
  selection: Selection
  measure: Measure | null
  method: Method | null
  kinds: string[] | null
  /** By what the heat map is measured; null: it is off. */
  heat: HeatPer | null
  cases: CaseChoice
  /** Whether cases are drawn one by one. */
  incidents: boolean
  /** The list beside the map, and the area or cell it is cut to. */
  list: ListNoun | null
  within: string | null
}

const HEATS: HeatPer[] = ['km2', 'households']
const METHODS: Method[] = ['quantile', 'geometric', 'natural', 'standard']
const MEASURES: Record<string, Measure> = { density: 'density', households: 'household_count', rate: 'rate', cases: 'cases' }
const nameOf = (measure: Measure) => Object.keys(MEASURES).find((name) => MEASURES[name] === measure)
/** Keys as the server gives them: digits, or letters of an older kind. */
const key = (value: string | null) => (value && /^\w{1,40}$/.test(value) ? value : null)

const text = (value: LocationQuery[string] | undefined): string | null =>
  (Array.isArray(value) ? value[0] : value) ?? null

const words = (value: LocationQuery[string] | undefined): string[] => (text(value) ?? '').split(',').filter((word) => /^\w{1,40}$/.test(word))
const day = (value: LocationQuery[string] | undefined): string => (/^\d{4}-\d{2}-\d{2}$/.test(text(value) ?? '') ? text(value)! : NO_CHOICE.from)

export function readAddress(query: LocationQuery): Address {
  const at = text(query.at)?.split(',').map(Number)
  const [lon, lat, zoom] = at ?? []
  const sound = at?.length === 3 && at.every(Number.isFinite) && Math.abs(lon!) <= 180 && Math.abs(lat!) <= 85
  const cell = text(query.cell)
  const facility = text(query.facility)
  const household = key(text(query.household))
  const incident = key(text(query.case))
  const within = text(query.within)
  const kinds = text(query.kinds)
  return {
    camera: sound ? { lon: lon!, lat: lat!, zoom: Math.min(22, Math.max(0, zoom!)) } : null,
    selection: cell && /^\d{15}$/.test(cell) ? { what: 'cell', code: cell }
      : facility ? { what: 'facility', id: facility }
      : household ? { what: 'household', id: household }
      : incident ? { what: 'incident', id: incident } : null,
    measure: MEASURES[text(query.by) ?? ''] ?? null,
    method: METHODS.find((m) => m === query.classes) ?? null,
    kinds: kinds === null ? null : kinds.split(',').filter((k) => /^F\d{2}$/.test(k)),
    heat: HEATS.find((per) => per === query.heat) ?? null,
    cases: {
      categories: words(query.category), sources: words(query.source), states: words(query.state),
      from: day(query.from), to: day(query.to),
    },
    incidents: query.points === '1',
    list: LISTS.find((noun) => noun === query.list) ?? null,
    within: within && /^\d{2,15}$/.test(within) ? within : null,
  }
}

export function writeAddress(address: Address & { theme: string; lang: string }): LocationQueryRaw {
  const { camera, selection, cases } = address
  return {
    ...(camera && { at: `${camera.lon.toFixed(5)},${camera.lat.toFixed(5)},${camera.zoom.toFixed(2)}` }),
    ...(selection?.what === 'cell' && { cell: selection.code }),
    ...(selection?.what === 'facility' && { facility: selection.id }),
    ...(selection?.what === 'household' && { household: selection.id }),
    ...(selection?.what === 'incident' && { case: selection.id }),
    ...(address.measure && { by: nameOf(address.measure) }),
    ...(address.method && { classes: address.method }),
    ...(address.kinds && { kinds: address.kinds.join(',') }),
    ...(address.heat && { heat: address.heat }),
    ...(cases.categories.length && { category: cases.categories.join(',') }),
    ...(cases.sources.length && { source: cases.sources.join(',') }),
    ...(cases.states.length && { state: cases.states.join(',') }),
    ...(cases.from && { from: cases.from }),
    ...(cases.to && { to: cases.to }),
    ...(address.incidents && { points: '1' }),
    ...(address.list && { list: address.list }),
    ...(address.list && address.within && { within: address.within }),
    theme: address.theme,
    lang: address.lang,
  }
}
