// The Disputes page as part of a web address and back. Pure.
import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { AnalysisName, PlaceLevel } from '../api/analyses'
import { SHOWN } from '../lib/disputes'

export interface DisputesAddress {
  /** What the map shows. */
  show: AnalysisName | 'warnings'
  /** Level of the places; null: as the server finds best. */
  level: PlaceLevel | null
  /** The place whose figures stand beside the map. */
  place: string | null
  /** Group of kinds; for readers of published numbers. */
  group: string | null
  /** The month that the animation stands at. */
  frame: string | null
  warning: string | null
  brief: boolean
}

const text = (value: LocationQuery[string] | undefined): string | null => (Array.isArray(value) ? value[0] : value) ?? null
const matching = (value: LocationQuery[string] | undefined, form: RegExp) => (form.test(text(value) ?? '') ? text(value) : null)
const LEVELS: PlaceLevel[] = ['cell', 'village', 'township']

export function readDisputes(query: LocationQuery): DisputesAddress {
  return {
    show: [...SHOWN, 'warnings' as const].find((name) => name === query.show) ?? 'hot_spots',
    level: LEVELS.find((level) => level === query.level) ?? null,
    place: matching(query.place, /^\d{9,15}$/),
    group: matching(query.group, /^\w{1,40}$/),
    frame: matching(query.frame, /^\d{4}-\d{2}$/),
    warning: matching(query.warning, /^[\w.:-]{1,80}$/),
    brief: query.brief === '1',
  }
}

export function writeDisputes(it: DisputesAddress): LocationQueryRaw {
  return {
    show: it.show,
    ...(it.level && { level: it.level }),
    ...(it.place && { place: it.place }),
    ...(it.group && { group: it.group }),
    ...(it.frame && { frame: it.frame }),
    ...(it.warning && { warning: it.warning }),
    ...(it.brief && { brief: '1' }),
  }
}
