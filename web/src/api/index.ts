// Each question the page asks, by name.
import { getJson, send, type Request } from './client'
import type { AuditAsked, AuditEntry, CellFeature, CellSummary, Codes, FacilityFeature, Me, SearchItem } from './types'

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
