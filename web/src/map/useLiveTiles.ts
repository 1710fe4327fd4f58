// Keeps the picture true: every 10 s, and after each move, asks whether the tiles in view have changed (a 304 each),
// and reloads those that have. While the server is away it keeps trying and says so through state/live.
import type { Map as MapLibre } from 'maplibre-gl'
import { onBeforeUnmount, onMounted, type ShallowRef } from 'vue'
import { tileChanged } from '../api/tiles'
import type { Bbox } from '../api/types'
import { HEAT_PROTOCOL } from '../layers/heat'
import { PROTOCOL } from '../layers/layer'
import { tilesOver, tileUrl, type Tile } from '../lib/tiles'
import { useLive } from '../state/live'

const EVERY_MS = 10_000
const OFFLINE_EVERY_MS = 4_000
const AT_ONCE = 4

interface Ask { source: string; tile: Tile; url: string }

export interface LiveOptions {
  map: ShallowRef<MapLibre | null>
  /** Asked first each round: who I am and until when the data holds. Throws when the server is away. */
  refresh: (signal: AbortSignal) => Promise<void>
  onChanged: () => void
}

export function useLiveTiles({ map, refresh, onChanged }: LiveOptions) {
  const live = useLive()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | null = null

  onMounted(() => {
    document.addEventListener('visibilitychange', look)
    window.addEventListener('online', look)
    schedule()
  })
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('online', look)
    clearTimeout(timer)
    running?.abort()
  })

  function schedule() {
    clearTimeout(timer)
    timer = setTimeout(look, live.offline ? OFFLINE_EVERY_MS : EVERY_MS)
  }

  /** One round now; a round under way is left to finish. */
  async function look() {
    if (document.visibilityState !== 'visible' || running) return schedule()
    running = new AbortController()
    const { signal } = running
    const wasOffline = live.offline
    try {
      live.countAttempt()
      await refresh(signal)
      // what failed to load meanwhile is not in the memory of ETags, so after an outage everything is asked for again
      if (wasOffline) reloadAll()
      else if (await check(signal)) onChanged()
      if (wasOffline) onChanged()
    } catch {
      // said by state/live or by the session; the next round tries again
    } finally {
      running = null
      schedule()
    }
  }

  function reloadAll() {
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

  function inView(): Ask[] {
    const it = map.value
    if (!it) return []
    const bounds = it.getBounds().toArray().flat() as Bbox
    return ownSources().flatMap((source) => {
      const zoom = source.zoomOf(it.getZoom())
      if (zoom < source.minzoom) return []
      return tilesOver(bounds, Math.min(zoom, source.maxzoom)).map((tile) => ({ source: source.id, tile, url: tileUrl(source.template, tile) }))
    })
  }

  async function check(signal: AbortSignal): Promise<boolean> {
    const waiting = inView()
    let changed = false
    const worker = async () => {
      for (let ask = waiting.pop(); ask; ask = waiting.pop()) {
        if (!(await tileChanged(ask.url, signal))) continue
        changed = true
        if (map.value?.getSource(ask.source)) map.value.refreshTiles(ask.source, [ask.tile])
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return changed
  }

  return { look }
}
