// Tiles with a memory of their ETags, so that a look whether they changed costs a 304 each.
//
// The map asks through `loadTile` (as the protocol `tiles:`); `tileChanged` asks again with If-None-Match
// and keeps the new bytes for the load that follows. Nothing is cached beyond that: the server is the truth.
import type { Tile } from '../lib/tiles'
import { send } from './client'

const etags = new Map<string, string>()
const fresh = new Map<string, { bytes: ArrayBuffer; until: number }>()
/** New bytes are for the load that follows at once; later they may be old themselves. */
const FRESH_MS = 5_000
const REMEMBERED = 4000

function remember(url: string, etag: string | null) {
  if (!etag) return
  etags.delete(url)
  etags.set(url, etag)
  if (etags.size > REMEMBERED) etags.delete(etags.keys().next().value!)
}

/** Tiles asked for before the map's own threads have begun; each is for the one load that follows. */
const coming = new Map<string, Promise<ArrayBuffer>>()

/** Asks for tiles that the map is about to ask for. One that fails is simply asked for again by the map. */
export function warmTiles(urls: string[]) {
  for (const url of urls) {
    if (coming.has(url)) continue
    const bytes = loadTile(url)
    coming.set(url, bytes)
    bytes.catch(() => coming.delete(url))
    // what the map does not ask for after all may be old by the time it does
    setTimeout(() => coming.delete(url), FRESH_MS)
  }
}

/** The bytes of a tile; none at all for an empty one (204). */
export async function loadTile(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const begun = coming.get(url)
  coming.delete(url)
  const early = await begun?.catch(() => null)
  if (early) return early
  const waiting = fresh.get(url)
  fresh.delete(url)
  if (waiting && waiting.until > performance.now()) return waiting.bytes
  const response = await send(url, { signal, headers: { accept: '*/*' } })
  remember(url, response.headers.get('etag'))
  return response.arrayBuffer()
}

/** A tile for counting rather than drawing: leaves no memory, so that what the map shows is still compared with its own. */
export async function readTile(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await send(url, { signal, headers: { accept: '*/*' } })).arrayBuffer()
}

/** Whether the server has other bytes now than those last loaded. A tile never loaded has not changed. */
export async function tileChanged(url: string, signal?: AbortSignal): Promise<boolean> {
  const known = etags.get(url)
  if (!known) return false
  const response = await send(url, { signal, headers: { accept: '*/*', 'if-none-match': known } })
  if (response.status === 304) return false
  const etag = response.headers.get('etag')
  if (etag === known) return false
  remember(url, etag)
  fresh.set(url, { bytes: await response.arrayBuffer(), until: performance.now() + FRESH_MS })
  return true
}

/** Whether the tile was loaded, so that it can be compared. */
export function tileIsKnown(url: string): boolean {
  return etags.has(url)
}

/** Every tile that was loaded and may be shown again. */
export function loadedTiles(): { url: string; layers: string[]; tile: Tile }[] {
  return [...etags.keys()].flatMap((url) => {
    const parts = /^\/tiles\/([^/]+)\/(\d+)\/(\d+)\/(\d+)/.exec(url)
    return parts ? [{ url, layers: parts[1]!.split(','), tile: { z: Number(parts[2]), x: Number(parts[3]), y: Number(parts[4]) } }] : []
  })
}

/** Forgets everything, for the next person who signs in at this machine. */
export function forgetTiles() {
  etags.clear()
  fresh.clear()
  coming.clear()
}
