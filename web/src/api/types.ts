// The shapes the page reads. They come from `schema.d.ts`, which `./test --prepare` writes from openapi.json; here they get
// the names the page calls them by, and narrower types where the contract only says "string". snake_case stays: one name
// from table to screen.
import type { components } from './schema'

type Schemas = components['schemas']

export type Named = Schemas['Named']
export type Bbox = [west: number, south: number, east: number, north: number]
export type LonLat = [lon: number, lat: number]

export type AreaRef = Omit<Schemas['AreaRef'], 'bbox'> & { bbox?: Bbox | null }

export type Rights = Schemas['MyRights']

export type Me = Omit<Schemas['Me'], 'home'> & { home: AreaRef }

/** `5min` circle, `10min` square, `15min` and `policy` hexagon. */
export type Tier = '5min' | '10min' | '15min' | 'policy'
export type FacilityKind = Omit<Schemas['FacilityKind'], 'tier'> & { tier: Tier }

export type Codes = Omit<Schemas['Codes'], 'facility_kind'> & { facility_kind: FacilityKind[] }

/** Who sees which incident numbers; the threshold is in the name. */
export type Audience = Schemas['Audience']

/** Disputes of a place: counted now (`cases`), or at least so many by the months that were published. */
export type IncidentSum = Schemas['IncidentSum']

export type CellSummary = Schemas['CellSummary']

export interface Feature<P, G = { type: string; coordinates: unknown }> {
  type: 'Feature'
  id: string
  geometry: G
  properties: P
  bbox?: Bbox
}

export type CellFeature = Feature<{ code: string; name: string; short_name: string }>

export type FacilityProperties = Schemas['FacilityProperties']
export type FacilityFeature = Feature<FacilityProperties, { type: 'Point'; coordinates: LonLat }>

export type SearchItem = Omit<Schemas['SearchItem'], 'at' | 'bbox'> & { at: LonLat; bbox?: Bbox | null }

/** An entry of the audit trail, as auditors read it. */
export type AuditEntry = Schemas['EntryView']
export interface AuditAsked { from: string; to: string; account: string; action: string; within: string; cursor: string | null }
