// What went wrong, as a value: RFC 9457 from the server, or the two troubles that never reach it.
// The words are in locales/*/problems; they are found by `kind`.

export interface Fault { pointer: string; code: string; message: string; at?: [number, number] }

export const PROBLEM_KINDS = [
  'not_found', 'invalid', 'conflict', 'stale', 'forbidden', 'unauthenticated', 'too_large', 'busy', 'storage_full', 'internal', 'offline',
] as const
export type ProblemKind = (typeof PROBLEM_KINDS)[number]

export class Problem extends Error {
  readonly kind: ProblemKind
  readonly status: number
  readonly faults: Fault[]
  readonly retry_after_s: number | null
  readonly request_id: string | null

  constructor(kind: ProblemKind, status: number, body: Partial<ProblemBody> = {}) {
    super(body.detail ?? body.title ?? kind)
    this.kind = kind
    this.status = status
    this.faults = body.faults ?? []
    this.retry_after_s = body.retry_after_s ?? null
    this.request_id = body.request_id ?? null
  }
}

interface ProblemBody {
  type: string
  title: string
  detail: string
  request_id: string
  retry_after_s: number
  faults: Fault[]
}

const BY_STATUS: Record<number, ProblemKind> = {
  400: 'invalid', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 412: 'stale',
  413: 'too_large', 422: 'invalid', 429: 'busy', 503: 'busy', 507: 'storage_full',
}

/** `/problems/not_found` → `not_found`; an unknown type falls back to what the status says. */
export function problemKind(type: string | undefined, status: number): ProblemKind {
  const last = type?.split('/').pop()?.replaceAll('-', '_')
  return PROBLEM_KINDS.find((kind) => kind === last) ?? BY_STATUS[status] ?? 'internal'
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: Partial<ProblemBody> = {}
  try {
    body = (await response.json()) as Partial<ProblemBody>
  } catch {
    // a proxy in between may answer in HTML; the status alone must do
  }
  const retryAfter = Number(response.headers.get('retry-after'))
  if (body.retry_after_s === undefined && retryAfter > 0) body.retry_after_s = retryAfter
  return new Problem(problemKind(body.type, response.status), response.status, body)
}

/** Anything thrown, as a Problem: what is not one already never reached the server. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : new Problem('offline', 0, { detail: String(thrown) })
}
