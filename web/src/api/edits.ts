// Rows that are edited: read with their version, saved only over the version they were read in.
import { getJson, send } from './client'
import type { LonLat } from './types'
import type { Change } from '../lib/editFields'

export type EditNoun = 'facilities' | 'households'
export interface Versioned { id: string; version: number; properties: Record<string, unknown>; at: LonLat }
interface Row { properties: Record<string, unknown> & { id: string; version: number }; geometry: { coordinates: LonLat } }

const versioned = ({ properties, geometry }: Row): Versioned => ({ id: properties.id, version: properties.version, properties, at: geometry.coordinates })
const address = (noun: EditNoun, id: string) => `/api/${noun}/${encodeURIComponent(id)}`
const match = (it: Versioned) => ({ 'if-match': `"v${it.version}"` })

export const findVersioned = async (noun: EditNoun, id: string) => versioned(await getJson<Row>(address(noun, id)))
export const saveRow = async (noun: EditNoun, over: Versioned, change: Change) =>
  versioned(await getJson<Row>(address(noun, over.id), { method: 'PATCH', body: { type: 'Feature', ...change }, headers: match(over) }))
export const makeRow = async (noun: EditNoun, change: Change) => versioned(await getJson<Row>(`/api/${noun}`, { method: 'POST', body: { type: 'Feature', ...change } }))
export const retireRow = (noun: EditNoun, it: Versioned) => send(address(noun, it.id), { method: 'DELETE', headers: match(it) })
