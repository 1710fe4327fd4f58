// The description of the interface, and asking it as it is: a refusal is an answer too.
import type { Description } from '../lib/openapi'
import { getJson } from './client'

export const readDescription = () => getJson<Description>('/openapi.json')

export interface Answered { status: number; mime: string; elapsedMs: number; etag: string | null; text: string }

const SHOWN_CHARACTERS = 20_000

/** Asks, as the signed-in person; throws only where no answer came. */
export async function ask(method: string, url: string, headers: Record<string, string>, body: string | null): Promise<Answered> {
  const began = performance.now()
  const response = await fetch(url, {
    method, credentials: 'same-origin',
    headers: { ...(body === null ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body ?? undefined,
  })
  const mime = response.headers.get('content-type') ?? ''
  const bytes = await response.arrayBuffer()
  return {
    status: response.status, mime, elapsedMs: Math.round(performance.now() - began), etag: response.headers.get('etag'),
    text: /json|text/.test(mime) ? readable(new TextDecoder().decode(bytes), mime) : bytes.byteLength ? `${bytes.byteLength} B` : '',
  }
}

function readable(text: string, mime: string): string {
  let shown = text
  try {
    if (mime.includes('json')) shown = JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // shown as it came
  }
  return shown.length > SHOWN_CHARACTERS ? `${shown.slice(0, SHOWN_CHARACTERS)}\n…` : shown
}
