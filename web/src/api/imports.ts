// Files that come in, and the jobs they become.
import { getJson, send, type Request } from './client'
import type { FaultRow, ImportNoun, Job } from './types'

export interface Upload {
  file: File
  noun: ImportNoun
  crs: string
  under: string
  /** Field to heading; an empty heading leaves the field out. */
  columns: Record<string, string>
  dryRun: boolean
  skipFaulty: boolean
  /** Of a file that has several. */
  layer: string
  headingRow: string
  repair: boolean
  extend: boolean
}

export async function upload(it: Upload): Promise<string> {
  const form = new FormData()
  form.set('noun', it.noun)
  if (it.crs) form.set('crs', it.crs)
  if (it.under) form.set('under', it.under)
  if (Object.keys(it.columns).length) form.set('map', JSON.stringify({ columns: it.columns }))
  if (it.layer) form.set('layer', it.layer)
  if (it.headingRow) form.set('heading_row', it.headingRow)
  if (it.repair) form.set('repair', 'true')
  if (it.extend) form.set('extend', 'true')
  form.set('dry_run', String(it.dryRun))
  form.set('skip_faulty', String(it.skipFaulty))
  form.set('file', it.file) // after the other fields: the server reads in order
  return ((await (await send('/api/imports', { method: 'POST', form })).json()) as { job: string }).job
}

export const findJob = (id: string, request?: Request) => getJson<Job>(`/api/jobs/${id}`, request)
export const listJobs = (before: string | null) => getJson<{ items: Job[]; next: string | null }>(`/api/jobs${before ? `?before=${before}` : ''}`)
export const cancelJob = (id: string) => send(`/api/jobs/${id}`, { method: 'DELETE' })
export const undoJob = (id: string) => send(`/api/jobs/${id}/undo`, { method: 'POST', body: {} })

/** The faults that were kept, at most a thousand. */
export async function faultsOf(id: string): Promise<FaultRow[]> {
  const rows: FaultRow[] = []
  for (let after: number | null = 0; after !== null && rows.length < 1000;) {
    const page: { items: FaultRow[]; next: number | null } = await getJson(`/api/jobs/${id}/faults?after=${after}`)
    rows.push(...page.items)
    after = page.next
  }
  return rows
}
