// The only place that fetches. Answers are typed values, troubles are thrown as `Problem`.
// Who listens: `onUnauthenticated` (the session ran out), `onReach` (the server was reached or not).
import { Problem, problemOf } from './problem'

type Listener<T> = (value: T) => void
const unauthenticated = new Set<Listener<void>>()
const reach = new Set<Listener<boolean>>()

/** Called when any answer says that nobody is signed in. Returns the function that stops listening. */
export function onUnauthenticated(listen: Listener<void>): () => void {
  unauthenticated.add(listen)
  return () => unauthenticated.delete(listen)
}

/** Called after every request: true when an answer came, false when none did. */
export function onReach(listen: Listener<boolean>): () => void {
  reach.add(listen)
  return () => reach.delete(listen)
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  /** A form with a file, in place of a body. */
  form?: FormData
  headers?: Record<string, string>
  signal?: AbortSignal
  /** A failed sign-in is no end of a session. */
  anonymous?: boolean
  /** Asked by the page itself and not by a person: does not keep the session alive. */
  background?: boolean
}

/** One request; resolves for every status but the troubles. */
export async function send(url: string, request: Request = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers }
  if (request.background) headers['x-maplebridge-background'] = '1'
  if (request.body !== undefined) headers['content-type'] ??= 'application/json'
  let response: Response
  try {
    response = await fetch(url, {
      method: request.method ?? 'GET',
      headers,
      body: request.form ?? (request.body === undefined ? undefined : JSON.stringify(request.body)),
      signal: request.signal,
      credentials: 'same-origin',
    })
  } catch (cause) {
    if (request.signal?.aborted) throw cause
    for (const listen of reach) listen(false)
    throw new Problem('offline', 0, { detail: String(cause) })
  }
  for (const listen of reach) listen(true)
  if (response.ok || response.status === 304) return response
  const problem = await problemOf(response)
  if (problem.kind === 'unauthenticated' && !request.anonymous) for (const listen of unauthenticated) listen()
  throw problem
}

export async function getJson<T>(url: string, request: Request = {}): Promise<T> {
  return (await send(url, request)).json() as Promise<T>
}
