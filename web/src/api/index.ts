// Each question the page asks, by name.
import { getJson, send, type Request } from './client'
import type {
  AreaSummary, AuditAsked, AuditEntry, BaseMap, CellFeature, CellSummary, Codes, FacilityFeature, HouseholdFeature, IncidentCounts, IncidentFeature,
  IncidentSeries, Me, Paged, SearchItem, StepTaken,
} from './types'

export async function signIn(account: string, password: string): Promise<Me> {
  return getJson<Me>('/api/session', { method: 'POST', body: { account, password }, anonymous: true })
}

export async function signOut(): Promise<void> {
  await send('/api/session', { method: 'DELETE', anonymous: true })
}

export const readMe = (background = false, signal?: AbortSignal) => getJson<Me>('/api/me', { background, signal })

export async function changePassword(current: string, next: string): Promise<void> {
  await send('/api/session/password', { method: 'PUT', body: { current, new: next }, anonymous: true })
}

export const listBaseMaps = (request?: Request) => getJson<BaseMap[]>('/api/base-maps', request)

export const readCodes = () => getJson<Codes>('/api/codes')

export const findCell = (code: string, signal?: AbortSignal) => getJson<CellFeature>(`/api/cells/${code}`, { signal })

export const summariseCell = (code: string, request?: Request) =>
  getJson<CellSummary>(`/api/cells/${code}/summary`, request)

export const findFacility = (id: string, request?: Request) =>
  getJson<FacilityFeature>(`/api/facilities/${encodeURIComponent(id)}`, request)

export async function search(text: string, limit: number, signal?: AbortSignal): Promise<SearchItem[]> {
  const query = new URLSearchParams({ q: text, limit: String(limit) })
  return (await getJson<{ items: SearchItem[] }>(`/api/search?${query}`, { signal })).items
}

/** A page of the audit trail, newest first. */
export async function readAudit(asked: AuditAsked): Promise<{ items: AuditEntry[]; page: { next: string | null } }> {
  const query = new URLSearchParams({ order: 'newest', limit: '100' })
  for (const [name, value] of Object.entries(asked)) if (value) query.set(name, value)
  return getJson(`/api/audit?${query}`)
}

export type Pairs = [string, string][]
const addressed = (path: string, pairs: Pairs) => `${path}?${new URLSearchParams(pairs)}`

export const summariseArea = (code: string, request?: Request) => getJson<AreaSummary>(`/api/areas/${code}/summary`, request)

/** Incidents by place, all pages of it. */
export async function countIncidents(pairs: Pairs, request?: Request): Promise<IncidentCounts> {
  const whole = await getJson<IncidentCounts>(addressed('/api/incident-counts', [...pairs, ['limit', '1000']]), request)
  while (whole.page.next) {
    const more = await getJson<IncidentCounts>(addressed('/api/incident-counts', [...pairs, ['limit', '1000'], ['cursor', whole.page.next]]), request)
    whole.items.push(...more.items)
    whole.page = more.page
  }
  return whole
}

export const followIncidents = (pairs: Pairs, request?: Request) => getJson<IncidentSeries>(addressed('/api/incident-series', pairs), request)

/** Rows of a list from a cursor on, page after page, until there are `most`; `next` is where the others begin, null: that was all. */
export async function readList<F>(noun: string, pairs: Pairs, most: number, request?: Request, from: string | null = null): Promise<{ rows: F[]; next: string | null }> {
  const rows: F[] = []
  let cursor = from
  do {
    const asked: Pairs = [...pairs, ['limit', String(Math.min(1000, most))], ...(cursor ? [['cursor', cursor] as [string, string]] : [])]
    const page: Paged<F> = await getJson<Paged<F>>(addressed(`/api/${noun}`, asked), request)
    rows.push(...page.features)
    cursor = page.page.next
  } while (cursor && rows.length < most)
  return { rows, next: cursor }
}

export const findHousehold = (id: string, request?: Request) => getJson<HouseholdFeature>(`/api/households/${encodeURIComponent(id)}`, request)
export const findIncident = (id: string, request?: Request) => getJson<IncidentFeature>(`/api/incidents/${encodeURIComponent(id)}`, request)
export const stepsOf = async (id: string, request?: Request) =>
  (await getJson<{ items: StepTaken[] }>(`/api/incidents/${encodeURIComponent(id)}/steps`, request)).items

/** Puts into the audit trail that a list leaves the page as a file. */
export async function noteExport(noun: string, rows: number, filter: string): Promise<void> {
  await send('/api/exports', { method: 'POST', body: { noun, rows, filter } })
}
