// Accounts, grants, tokens, standards, settings, and how the system stands.
import { getJson, send } from './client'
import type { GrantableArea, Setting, Standard, SystemState, TokenView, UserView } from './types'

export interface NewCredentials { id: number; account: string; one_time_password: string }

/** Every account, page after page. */
export async function listUsers(): Promise<UserView[]> {
  const rows: UserView[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: UserView[]; page: { next: string | null } } = await getJson(`/api/users?limit=200${cursor ? `&cursor=${cursor}` : ''}`)
    rows.push(...page.items)
    cursor = page.page.next
  }
  return rows
}
export const createUser = async (body: { account: string; name_zh: string; name_en: string }) =>
  (await send('/api/users', { method: 'POST', body })).json() as Promise<NewCredentials>
export const disableUser = (id: number, disabled: boolean) => send(`/api/users/${id}`, { method: 'PATCH', body: { disabled } })
export const resetUser = async (id: number) => (await send(`/api/users/${id}/reset`, { method: 'POST' })).json() as Promise<NewCredentials>
export const grantRole = (id: number, body: { role: string; area: string; expires_on: string | null }) => send(`/api/users/${id}/grants`, { method: 'POST', body })
export const revokeGrant = (id: number, grant: number) => send(`/api/users/${id}/grants/${grant}`, { method: 'DELETE' })
export const grantableAreas = async (q: string) =>
  (await getJson<{ items: GrantableArea[] }>(`/api/users/areas?limit=30&q=${encodeURIComponent(q)}`)).items

export const listTokens = () => getJson<TokenView[]>('/api/tokens')
export const createToken = async (body: { name: string; expires_on: string | null }) =>
  (await send('/api/tokens', { method: 'POST', body })).json() as Promise<{ id: number; token: string }>
export const deleteToken = (id: number) => send(`/api/tokens/${id}`, { method: 'DELETE' })

export const listStandards = async () => (await getJson<{ items: Standard[] }>('/api/service-standards')).items
export const changeStandard = (it: Standard, body: { minutes?: number; metres?: number; source?: string }) =>
  send(`/api/service-standards/${it.id}`, { method: 'PATCH', body, headers: { 'if-match': `"v${it.version}"` } })
export const listSettings = async () => (await getJson<{ items: Setting[] }>('/api/settings')).items
export const changeSetting = (key: string, value: unknown) => send(`/api/settings/${key}`, { method: 'PUT', body: { value } })
export const systemState = () => getJson<SystemState>('/api/system')
