// Questions about where disputes cluster. The server answers three at a time for everybody, so the page asks one after
// another and waits where others are at work; the same question about data that did not move is asked once.
import { getJson, send, type Request } from './client'
import { asProblem, Problem } from './problem'
import type { components } from './schema'
import type { Pairs } from './index'

type Schemas = components['schemas']
type Full<T> = { [K in keyof T]-?: Exclude<T[K], undefined> }

export const ANALYSES = ['rates', 'hot_spots', 'trends', 'emerging', 'clusters', 'scan'] as const
export type AnalysisName = (typeof ANALYSES)[number]
export type LegendClass = Schemas['ClassEntry']
export type AnalysisResult = Omit<Full<Schemas['ResultView']>, 'params' | 'source' | 'state'> & {
  source: 'cases' | 'published'; state: 'running' | 'done' | 'failed' | 'cancelled'
  params: { from: string; to: string; level: PlaceLevel; within: string; denominator?: string }
}
export type PlaceLevel = 'cell' | 'village' | 'township'

/** A row of an answer: a place with what is told of it. Which members there are depends on the analysis and the reader. */
export interface AnalysisRow {
  class: string
  code?: string
  name_zh?: string
  name_en?: string
  count?: number
  denominator?: number
  rate_per_year?: number | null
  rate_low?: number
  rate_high?: number
  funnel_low?: number
  funnel_high?: number
  /** Of published numbers, two digits. */
  rate_per_1000_households_year?: number
  reason?: string
  series?: number[]
  around_observed?: number
  around_expected?: number
  p?: number | null
  q?: number | null
  /** 99, 95 or 90: the highest at which a hot or cold spot would still be one. */
  confidence_percent?: number | null
  rank?: number
  cluster_rank?: number
  cluster_from?: string
  cluster_observed?: number
  cluster_expected?: number
  cluster_relative_risk?: number | null
  recurrence_days?: number | null
}
export interface Analysed { result: AnalysisResult; rows: AnalysisRow[] }
export type AnalysisParams = Record<string, string | string[] | number>

const POLL_MS = 700
const BUSY_TRIES = 12
const wait = (ms: number, signal?: AbortSignal) => new Promise<void>((done, failed) => {
  const timer = setTimeout(done, ms)
  signal?.addEventListener('abort', () => {
    clearTimeout(timer)
    failed(signal.reason)
  }, { once: true })
})

let last: Promise<unknown> = Promise.resolve()
/** One after another; what was given up in the meantime is not asked at all. */
function inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const turn = last.then(() => {
    signal?.throwIfAborted()
    return work()
  })
  last = turn.catch(() => {})
  return turn
}

const path = (it: { analysis: string; id: number }) => `/api/analyses/${it.analysis}/results/${it.id}`

/** Asks and waits for the answer, page by page. `onRunning` is told of an answer that takes long, so that it can be called off. */
export function analyse(name: AnalysisName, params: AnalysisParams, options: Request & { onRunning?: (result: AnalysisResult) => void } = {}): Promise<Analysed> {
  const { onRunning, ...request } = options
  return inTurn(async () => {
    let result = await begin(name, params, request)
    while (result.state === 'running') {
      onRunning?.(result)
      await wait(POLL_MS, request.signal)
      result = await findResult(result, { ...request, background: true })
    }
    if (result.state !== 'done') throw new Problem(result.state === 'cancelled' ? 'conflict' : 'internal', 0, { detail: result.message ?? result.state })
    const rows: AnalysisRow[] = []
    let cursor: string | null = null
    do {
      const page: { items: AnalysisRow[]; page: { next?: string | null } } = await getJson(`${path(result)}?limit=1000${cursor ? `&cursor=${cursor}` : ''}`, request)
      rows.push(...page.items)
      cursor = page.page.next ?? null
    } while (cursor)
    return { result, rows }
  }, request.signal)
}

async function begin(name: AnalysisName, params: AnalysisParams, request: Request): Promise<AnalysisResult> {
  for (let tried = 1; ; tried++) {
    try {
      return await getJson<AnalysisResult>(`/api/analyses/${name}`, { ...request, method: 'POST', body: params })
    } catch (thrown) {
      if (request.signal?.aborted || asProblem(thrown).kind !== 'busy' || tried === BUSY_TRIES) throw thrown
      await wait(800, request.signal)
    }
  }
}

/** The answer without its rows: how far it is, whether the data moved since. */
export const findResult = async (it: { analysis: string; id: number }, request?: Request) =>
  (await getJson<{ result: AnalysisResult }>(`${path(it)}?limit=1`, request)).result

/** Stops an answer that is being made. */
export const cancelResult = (it: { analysis: string; id: number }) => send(path(it), { method: 'DELETE' })

export const exportAddress = (it: { analysis: string; id: number }, format: 'csv' | 'geojson') => `${path(it)}/export?format=${format}`

export type MixCount = Full<Schemas['MixCount']>
export type IncidentMix = Omit<Schemas['IncidentMix'], 'kinds' | 'channels'> & { kinds: MixCount[]; channels: MixCount[] | null }
export type Clock = Full<Schemas['Clock']>
export interface Clocks { cases: number; found: Clock; contacted: Clock; resolved: Clock }
export interface IncidentClocks { whole: Clocks; items: { code: string; name_zh: string; name_en: string; clocks: Clocks }[] }

export const mixIncidents = (pairs: Pairs, request?: Request) => getJson<IncidentMix>(`/api/incident-mix?${new URLSearchParams(pairs)}`, request)
export const findArea = (code: string, request?: Request) => getJson<{ properties: { name_zh: string; name_en?: string | null } }>(`/api/areas/${code}`, request)
export const timeIncidents = (pairs: Pairs, request?: Request) => getJson<IncidentClocks>(`/api/incident-clocks?${new URLSearchParams(pairs)}`, request)
