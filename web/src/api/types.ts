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

/** Pictures of another server that may lie under the map. */
export type BaseMap = Schemas['BaseMap']

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

/** The server writes every member; where there is nothing it writes null. */
type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> }

/** A kind of dispute; `category_group` decides the shape on the map. */
export type Category = Schemas['Category']

export type HouseholdProperties = Full<Schemas['HouseholdProperties']>
export type HouseholdFeature = Feature<HouseholdProperties, { type: 'Point'; coordinates: LonLat }>

export type IncidentProperties = Full<Schemas['IncidentProperties']>
/** Its place is a safe place, never the true one. */
export type IncidentFeature = Feature<IncidentProperties, { type: 'Point'; coordinates: LonLat } | null>
export type StepTaken = Schemas['StepTaken']

export interface Paged<F> { features: F[]; page: { next: string | null } }

/** Incidents by place: counted now, or sums of published months. */
export type PlaceCount = Full<Schemas['PlaceCount']>
export type IncidentCounts = Omit<Full<Schemas['IncidentCounts']>, 'items' | 'page' | 'source'> & {
  source: 'cases' | 'published'; items: PlaceCount[]; page: { next: string | null }
}
export type StepCount = Full<Schemas['StepCount']>
export type IncidentSeries = Omit<Schemas['IncidentSeries'], 'items'> & { items: StepCount[] }
export type AreaSummary = Schemas['AreaSummary']

export type ImportNoun = 'areas' | 'cells' | 'households' | 'facilities' | 'incidents'
export interface ColumnMatch { field: string; zh: string; heading: string | null; how: 'given' | 'name' | 'heading' | 'near' | 'constant' | 'default' | 'absent'; constant: string | null }
/** The report of an import, which the contract leaves open. */
export interface ImportReport {
  understood?: { noun: ImportNoun; file: string; format: string; encoding: string; crs: string | null; columns: { fields: ColumnMatch[]; unmatched: string[]; datum: string | null } } | null
  counts?: { read: number; inserted: number; updated: number; unchanged: number; rejected: number }
  tallies?: { code: string; severity: 'fault' | 'warning'; count: number }[]
}
export type Job = Omit<Full<Schemas['Job']>, 'report' | 'params' | 'state'> & {
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'; params: Record<string, unknown>; report: ImportReport | null
}
export type FaultRow = Full<Schemas['FaultRow']>

export type GrantView = Full<Schemas['GrantView']>
export type UserView = Omit<Full<Schemas['UserView']>, 'grants'> & { grants: GrantView[] }
export type GrantableArea = Schemas['GrantableArea']
export type TokenView = Full<Schemas['TokenView']>
export type Standard = Full<Schemas['Standard']>
export type Setting = Schemas['Setting']
export type SystemState = Full<Schemas['SystemState']>
