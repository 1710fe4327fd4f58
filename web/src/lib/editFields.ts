// The fields of what is edited by form, and what of a draft has to be sent. Pure.
import type { LonLat } from '../api/types'

export type Draft = Record<string, string | number | boolean | null | undefined>
export interface Field { key: string; kind: 'text' | 'number' | 'list' | 'yesNo'; list?: 'facility_kind' | 'dwelling_kind' | 'population_band' }
export interface Change { properties: Record<string, unknown>; geometry?: { type: 'Point'; coordinates: LonLat } }

export const FIELDS: Record<'facilities' | 'households', Field[]> = {
  facilities: [
    { key: 'name_zh', kind: 'text' }, { key: 'kind', kind: 'list', list: 'facility_kind' }, { key: 'name_en', kind: 'text' }, { key: 'operator', kind: 'text' },
    { key: 'hours', kind: 'text' }, { key: 'phone_public', kind: 'text' }, { key: 'capacity', kind: 'number' }, { key: 'barrier_free', kind: 'yesNo' },
  ],
  households: [
    { key: 'address', kind: 'text' }, { key: 'household_count', kind: 'number' }, { key: 'population_band', kind: 'list', list: 'population_band' },
    { key: 'dwelling_kind', kind: 'list', list: 'dwelling_kind' },
  ],
}

/** What differs from the stored row; of a new one all that was filled in. */
export function changesOf(noun: keyof typeof FIELDS, stored: { properties: Record<string, unknown>; at: LonLat } | null, draft: Draft, at: LonLat | null): Change {
  const properties: Record<string, unknown> = {}
  for (const { key, kind } of FIELDS[noun]) {
    const empty = draft[key] === '' || draft[key] === null || draft[key] === undefined
    const value = empty ? (kind === 'text' ? '' : null) : kind === 'text' ? String(draft[key]).trim() : draft[key]
    if (!stored) {
      if (!empty) properties[key] = value
    } else if (String(value ?? '') !== String(stored.properties[key] ?? '')) properties[key] = value
  }
  const moved = at && (!stored || at[0] !== stored.at[0] || at[1] !== stored.at[1])
  return moved ? { properties, geometry: { type: 'Point', coordinates: at } } : { properties }
}
