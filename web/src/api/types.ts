// The shapes the page reads, as the server's contract says them. snake_case stays: one name from table to screen.

export interface Named { code: string; name_zh: string; name_en: string }
export type Bbox = [west: number, south: number, east: number, north: number]
export type LonLat = [lon: number, lat: number]

export interface AreaRef extends Named { level: number }

export interface Rights {
  map: boolean
  households: boolean
  cases: boolean
  published: boolean
  write_facilities: boolean
  write_households: boolean
  write_cells: boolean
  imports: boolean
  settings: boolean
  users: boolean
  audit: boolean
}

export interface Me {
  user: { id: string; account: string; name_zh: string; name_en: string; must_change_password: boolean }
  grants: { role: string; area: AreaRef; expires_on: string | null }[]
  home: AreaRef & { bbox: Bbox | null }
  rights: Rights
  totals: { cells: number; households: number; facilities: number }
  data_at: string
  settings: {
    attribution: string
    map_approval_no: string | null
    size_rule: { min: number; max: number }
  }
}

/** `5min` circle, `10min` square, `15min` and `policy` hexagon. */
export type Tier = '5min' | '10min' | '15min' | 'policy'
export interface FacilityKind extends Named { tier: Tier }

/** A kind of dispute; `category_group` decides the shape on the map. */
export interface Category extends Named { category_group: string; sensitive: boolean }

export interface Codes {
  facility_kind: FacilityKind[]
  incident_category: Category[]
  incident_source: Named[]
  incident_state: Named[]
  dwelling_kind: Named[]
  population_band: Named[]
  cell_kind: Named[]
  complexity: Named[]
  risk_level: Named[]
  parties_kind: Named[]
}

/** Who sees which incident numbers; the threshold is in the name. */
export type Audience = 'cases' | 'k3' | 'k5' | 'k10'

/** Disputes of a place: counted now (`cases`), or at least so many by the months that were published. */
export interface IncidentSum {
  audience: Audience
  source: 'cases' | 'published'
  shown: boolean
  count?: number | null
  period?: { from: string; to: string } | null
  group?: string | null
  entries_shown?: number | null
  entries_withheld?: number | null
  reason?: string | null
}

export interface CellSummary {
  code: string
  name: string
  name_en: string
  short_name: string
  kind: string
  village: Named
  township: Named
  area_m2: number
  household_count: number
  valid_from: string
  version: number
  households: {
    addresses: number
    household_count: number
    population_low: number | null
    population_high: number | null
  }
  facilities: { kind: string; count: number }[]
  neighbours: { code: string; name: string; name_en: string; border_m: number }[]
  incidents: IncidentSum
}

export interface Feature<P, G = { type: string; coordinates: unknown }> {
  type: 'Feature'
  id: string
  geometry: G
  properties: P
  bbox?: Bbox
}

export type CellFeature = Feature<{ code: string; name: string; short_name: string }>

export interface FacilityProperties {
  id: string
  kind: string
  name_zh: string
  name_en: string
  operator: string | null
  capacity: number | null
  hours: string | null
  barrier_free: boolean | null
  phone_public: string | null
  cell_code: string | null
  valid_from: string
  version: number
}
export type FacilityFeature = Feature<FacilityProperties, { type: 'Point'; coordinates: LonLat }>

export interface SearchItem {
  what: 'area' | 'cell' | 'facility' | 'address'
  code: string
  id?: string
  name_zh: string
  name_en: string
  under: string | null
  at: LonLat
  bbox?: Bbox | null
}

/** An entry of the audit trail, as auditors read it. */
export interface AuditEntry {
  id: number
  at: string | null
  account: string
  action: string
  target: string
  area_code: string | null
  detail: Record<string, unknown> | null
  row_count: number | null
  request_id: string
  seal: number | null
  standing: 'sealed' | 'waiting' | 'broken' | 'unknown'
}
export interface AuditAsked { from: string; to: string; account: string; action: string; within: string; cursor: string | null }

export interface HouseholdProperties {
  id: string
  household_count: number
  population_band: string
  dwelling_kind: string
  address: string | null
  cell_code: string | null
  area_code: string | null
  valid_from: string
  version: number
}
export type HouseholdFeature = Feature<HouseholdProperties, { type: 'Point'; coordinates: LonLat }>

export interface IncidentProperties {
  id: string
  case_no: string | null
  category: string
  source: string
  state: string
  occurred_on: string
  discovered_on: string
  due_on: string | null
  closed_on: string | null
  parties_count: number
  complexity: string
  risk_level: string
  summary: string | null
  unit_id: string | null
  cell_code: string | null
  area_code: string | null
  escalated: boolean
  version: number
}
/** Its place is a safe place, never the true one. */
export type IncidentFeature = Feature<IncidentProperties, { type: 'Point'; coordinates: LonLat } | null>

export interface StepTaken { from_state: string | null; to_state: string; at: string; reason: string }

export interface Paged<F> { features: F[]; page: { next: string | null } }

/** Incidents by place: counted now, or sums of published months. */
export interface PlaceCount {
  code: string
  name_zh: string
  name_en: string
  audience: Audience | null
  count: number | null
  reason: string | null
  months_shown: number | null
  months_withheld: number | null
  rate: number | null
  class: number | null
}
export interface IncidentCounts {
  source: 'cases' | 'published'
  group: string | null
  period: { from: string; to: string }
  snapped: boolean
  grain: { level: 'township' | 'village' | 'cell'; chosen: boolean; places: number; shown: number; withheld: number }
  classes: number[]
  items: PlaceCount[]
  page: { next: string | null }
}

export type SeriesStep = 'week' | 'four_weeks' | 'month'
export interface StepCount { from: string; to: string; count: number | null; withheld: number }
export interface IncidentSeries {
  source: 'cases' | 'published'
  period: { from: string; to: string }
  step: SeriesStep
  items: StepCount[]
}

export interface AreaSummary { code: string; household_count: number; address_count: number; facility_count: number; incidents: IncidentSum }

export type ImportNoun = 'areas' | 'cells' | 'households' | 'facilities' | 'incidents'
export interface ColumnMatch { field: string; zh: string; heading: string | null; how: 'given' | 'name' | 'heading' | 'near' | 'constant' | 'default' | 'absent'; constant: string | null }
export interface ImportReport {
  understood?: { noun: ImportNoun; file: string; format: string; encoding: string; crs: string | null; columns: { fields: ColumnMatch[]; unmatched: string[]; datum: string | null } } | null
  counts?: { read: number; inserted: number; updated: number; unchanged: number; rejected: number }
  tallies?: { code: string; severity: 'fault' | 'warning'; count: number }[]
}
export interface Job {
  id: string
  kind: string
  noun: ImportNoun | null
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  params: Record<string, unknown>
  made_at: string
  ended_at: string | null
  step: string
  done_rows: number
  total_rows: number | null
  report: ImportReport | null
  message: string | null
  cancel_asked: boolean
  undone_by: string | null
}
export interface FaultRow {
  id: number
  row_number: number
  column_name: string
  code: string
  reason_zh: string
  reason_en: string
  cure_zh: string
  cure_en: string
  lon: number | null
  lat: number | null
}

export interface GrantView { id: number; role: string; area: string; area_zh: string; area_en: string; expires_on: string | null }
export interface UserView {
  id: number
  account: string
  name_zh: string
  name_en: string
  disabled: boolean
  must_change_password: boolean
  locked_until: string | null
  last_seen_at: string | null
  grants: GrantView[]
}
export interface GrantableArea { code: string; name_zh: string; name_en: string; under: string | null }
export interface TokenView { id: number; name: string; made_at: string; expires_on: string | null }
export interface Standard { id: number; kind: string; urban_rural_class: string | null; mode: string; minutes: number | null; metres: number | null; source: string; version: number }
export interface Setting { key: string; value: unknown; note_zh: string; note_en: string }
export interface SystemState {
  version: string
  database_version: string
  database_bytes: number
  now: string
  data_at: string
  feed_connected: boolean
  read_model_bytes: number
  streams: number
  audit_waiting: number | null
  jobs_running: number
}
