// Warnings: listed, opened, decided on. A decision names the version that was read; another one in between is refused.
import { getJson, send, type Request } from './client'

export const LEVELS = ['blue', 'yellow', 'orange', 'red'] as const
export type WarningLevel = (typeof LEVELS)[number]
export type WarningState = 'open' | 'acknowledged' | 'escalated' | 'downgraded' | 'false_alarm' | 'closed'
/** States in which somebody still has to look or is at it. */
export const ALIVE: WarningState[] = ['open', 'acknowledged', 'escalated', 'downgraded']
export const DECISIONS = ['acknowledge', 'escalate', 'downgrade', 'false-alarm'] as const
export type Decision = (typeof DECISIONS)[number]

export interface Warning {
  key: string
  rule: string
  title_zh: string
  title_en: string
  sentence_zh: string
  sentence_en: string
  level: WarningLevel
  subject: { kind: 'cell' | 'cells' | 'case' | 'facility'; key: string; part: string; cells: string[]; area: string | null; area_zh: string; area_en: string; bounds: [number, number, number, number] | null }
  numbers: Record<string, unknown>
  state: WarningState
  owner: string
  due_on: string
  is_overdue: boolean
  raised_on: string
  held_on: string
  ended_on: string | null
  version: number
}
export interface WarningStep { at: string; by_hand: boolean; action: string; from: string | null; to: WarningState; level: WarningLevel; reason: string }
/** Beside a warning: kinds of the cases around it, for those who may open them, and where the parties could meet. */
export interface WarningAround {
  mix: { category: string; name_zh: string; name_en: string; cases: number }[]
  nearest_room: { key: string; name_zh: string; name_en: string; distance_m: number; standard_m: number } | null
}
export type WarningDetail = Warning & WarningAround & { history: WarningStep[] }
export interface WarningRule {
  name: string; title_zh: string; title_en: string; sentence_zh: string; sentence_en: string; clock_days: number
  back_test: { from: string; to: string; would_raise: number } | null
  judged: { confirmed: number; false_alarms: number; precision: number | null; holding: number }
}

const MOST = 1_000
/** Newest first; at most a thousand, which the page says. */
export async function listWarnings(states: WarningState[], request?: Request): Promise<{ items: Warning[]; whole: boolean }> {
  const query = new URLSearchParams({ limit: String(MOST), ...(states.length && { state: states.join() }) })
  const { items, page } = await getJson<{ items: Warning[]; page: { next?: string | null } }>(`/api/warnings?${query}`, request)
  return { items, whole: !page.next }
}
export const findWarning = (key: string, request?: Request) => getJson<WarningDetail>(`/api/warnings/${encodeURIComponent(key)}`, request)
export const decideWarning = (it: Warning, decision: Decision, reason: string) =>
  getJson<WarningDetail>(`/api/warnings/${encodeURIComponent(it.key)}/${decision}`, { method: 'POST', body: { reason }, headers: { 'if-match': `"v${it.version}"` } })
export const listRules = async (request?: Request) => (await getJson<{ items: WarningRule[] }>('/api/warnings/rules', request)).items
export const runWarnings = async (): Promise<void> => void (await send('/api/warnings/run', { method: 'POST' }))
