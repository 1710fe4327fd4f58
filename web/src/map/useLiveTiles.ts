// Keeps the picture true. The server tells what changed and where; of the tiles that were loaded those that it touches are
// asked for again (a 304 where nothing changed for this reader), the ones in view at once and the others when they come into
// view. Without a stream every tile in view is asked for again every 10 s. While the server is away this keeps trying and
// says so through state/live.
import type { Map as MapLibre } from 'maplibre-gl'
import { onBeforeUnmount, onMounted, type ShallowRef } from 'vue'
import { followEvents, type Change } from '../api/events'
import { loadedTiles, tileChanged, tileIsKnown } from '../api/tiles'
import type { Bbox } from '../api/types'
import { HEAT_PROTOCOL } from '../layers/heat'
import { PROTOCOL } from '../layers/layer'
import { isTouched, tilesOver, tileUrl, type Tile } from '../lib/tiles'
import { useLive } from '../state/live'

/** With a stream: is the session still there, and until when does the data hold. */
const SELDOM_MS = 60_000
const EVERY_MS = 10_000
const OFFLINE_EVERY_MS = 4_000
/** With a stream too, every tile in view is compared now and then: what a neighbour's edit thins out of a shared border is not told. */
const ALL_EVERY_MS = 300_000
/** A server that gave no stream is asked for one again after this. */
const REFUSED_MS = 30_000
const AT_ONCE = 4
/** A tile that is still loading is looked at again after this. */
const LOADING_MS = 1_000
/** A hidden page draws no frames: nothing waits longer for one. */
const FRAME_MS = 1_000

interface Ask { source: string; tile: Tile; url: string }

export interface LiveOptions {
  map: ShallowRef<MapLibre | null>
  /** Asked first each round: who I am and until when the data holds. Throws when the server is away. */
  refresh: (signal: AbortSignal) => Promise<void>
  /** Layers that changed; null: any may have. */
  onChanged: (layers: Set<string> | null) => void
}

export function useLiveTiles({ map, refresh, onChanged }: LiveOptions) {
  const live = useLive()
  /** Addresses of tiles that may be old. */
  const suspects = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | null = null
  let again = false
  let closeStream: (() => void) | null = null
  let streaming = false
  let noStreamBefore = 0
  let comparedAt = performance.now()

  onMounted(() => {
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('online', look)
    window.addEventListener('offline', look)
    open()
    schedule()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', seen)
    window.removeEventListener('online', look)
    window.removeEventListener('offline', look)
    clearTimeout(timer)
    close()
    running?.abort()
  })

  function schedule() {
    clearTimeout(timer)
    timer = setTimeout(look, live.offline ? OFFLINE_EVERY_MS : streaming ? SELDOM_MS : EVERY_MS)
  }

  /** A hidden page holds no stream: browsers give a server six connections, for all their tabs together. */
  function seen() {
    if (document.visibilityState !== 'visible') close()
    void look()
  }

  function open() {
    if (closeStream || document.visibilityState !== 'visible' || performance.now() < noStreamBefore) return
    closeStream = followEvents({
      onOpen() {
        streaming = true
        schedule()
      },
      onChange: hear,
      onWarning: () => onChanged(new Set(['warnings'])),
      onReload() {
        for (const { url } of [...loadedTiles(), ...inView()]) suspects.add(url)
        void settle(null)
      },
      onLost(refused) {
        close()
        if (refused) noStreamBefore = performance.now() + REFUSED_MS
        void look()
      },
    })
  }

  function close() {
    closeStream?.()
    closeStream = null
    streaming = false
  }

  /** What the server says changed. */
  function hear(change: Change) {
    for (const { url, layers, tile } of [...loadedTiles(), ...inView()]) {
      if (change.layers.some((it) => layers.includes(it.layer) && isTouched(tile, it.boxes))) suspects.add(url)
    }
    void settle(new Set(change.layers.map((it) => it.layer)))
  }

  /** Asks for what may be old and is in view, and tells of the change that made it so. */
  async function settle(layers: Set<string> | null) {
    try {
      await check(inView().filter(({ url }) => suspects.has(url)))
      await refresh(new AbortController().signal)
      onChanged(layers)
    } catch {
      void look() // the server is away, or the session over
    }
  }

  /** One round now; a round under way is left to finish, and another follows it. */
  async function look() {
    if (document.visibilityState !== 'visible') return schedule()
    if (running) {
      again = true
      return
    }
    running = new AbortController()
    const { signal } = running
    const wasOffline = live.offline
    try {
      live.countAttempt()
      await refresh(signal)
      open()
      // what failed to load meanwhile is not in the memory of ETags, so after an outage everything is asked for again
      if (wasOffline) reloadAll()
      else if (await checkRound(signal)) onChanged(null)
      if (wasOffline) onChanged(null)
    } catch {
      // said by state/live or by the session; the next round tries again
    } finally {
      running = null
      if (again) {
        again = false
        void look()
      } else {
        schedule()
      }
    }
  }

  /**
   * The next frame. Only then does the map take what came into view out of its store of old tiles, and only tiles it has
   * taken out can be refreshed: before it, the old one would come back after the new one was asked for.
   */
  function drawn(): Promise<void> {
    return new Promise((resolve) => {
      map.value?.once('render', () => resolve())
      map.value?.triggerRepaint()
      setTimeout(resolve, FRAME_MS)
    })
  }

  /** After a move: what came into view and was touched while it was out of it. */
  function moved() {
    if (!streaming) return void look()
    void check(inView().filter(({ url }) => suspects.has(url))).catch(() => look())
  }

  async function checkRound(signal: AbortSignal): Promise<boolean> {
    if (streaming && performance.now() - comparedAt < ALL_EVERY_MS) return check(inView().filter(({ url }) => suspects.has(url)), signal)
    comparedAt = performance.now()
    return check(inView(), signal)
  }

  function reloadAll() {
    suspects.clear()
    for (const source of ownSources()) map.value?.refreshTiles(source.id)
  }

  /** Sources of this server: what they ask for, and at which zooms. MapLibre rounds the zoom for pictures. */
  function ownSources() {
    const style = map.value?.getStyle()
    return Object.entries(style?.sources ?? {}).flatMap(([id, source]) => {
      if ((source.type !== 'vector' && source.type !== 'raster') || !source.tiles?.[0]) return []
      const [protocol, path] = source.tiles[0].split('://')
      if (protocol !== PROTOCOL && protocol !== HEAT_PROTOCOL) return []
      const zoomOf = source.type === 'raster' ? Math.round : Math.floor
      return [{ id, template: path!.split('#')[0]!, minzoom: source.minzoom ?? 0, maxzoom: source.maxzoom ?? 22, zoomOf }]
    })
  }

  function inView(): (Ask & { layers: string[] })[] {
    const it = map.value
    if (!it) return []
    const bounds = it.getBounds().toArray().flat() as Bbox
    return ownSources().flatMap((source) => {
      const zoom = source.zoomOf(it.getZoom())
      if (zoom < source.minzoom) return []
      const layers = source.template.split('/')[2]!.split(',')
      return tilesOver(bounds, Math.min(zoom, source.maxzoom)).map((tile) => ({ source: source.id, tile, url: tileUrl(source.template, tile), layers }))
    })
  }

  async function check(asks: Ask[], signal?: AbortSignal): Promise<boolean> {
    const waiting = [...asks]
    let changed = false
    const worker = async () => {
      for (let ask = waiting.pop(); ask; ask = waiting.pop()) {
        // still loading: what comes may be from before the change, so it is asked for again when it is there
        if (suspects.has(ask.url) && !tileIsKnown(ask.url)) {
          // by the clock: a map that is idle already does not tell of it again
          setTimeout(moved, LOADING_MS)
          continue
        }
        suspects.delete(ask.url)
        try {
          if (!(await tileChanged(ask.url, signal))) continue
        } catch (thrown) {
          suspects.add(ask.url)
          throw thrown
        }
        changed = true
        await drawn()
        if (map.value?.getSource(ask.source)) map.value.refreshTiles(ask.source, [ask.tile])
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return changed
  }

  return { look, moved }
}
