// The heat map: whether it is shown, by what it is measured, and the bounds of its classes. Bounds come from the whole of
// the own area at one zoom, so that they do not change with what happens to be in view.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { readTile } from '../api/tiles'
import type { Bbox } from '../api/types'
import { tilePath } from '../layers/layer'
import type { Bounds } from '../lib/breaks'
import { decodeHeat, heatBounds, heatGrid } from '../lib/heat'
import { tilesOver, tileUrl, zoomForTiles } from '../lib/tiles'
import { caseQuery, useCaseFilter } from './caseFilter'
import { useSession } from './session'

export type HeatPer = 'km2' | 'households'
/** A choice with the bounds of its classes. */
export interface DrawnHeat { query: string; per: HeatPer; bandwidthM: number; bounds: Bounds; withheld: boolean }

export const BANDWIDTHS_M = [400, 800, 1500] as const
const MOST_TILES = 4
/** Pixels between samples of the search for the highest density. */
const COARSE = 4

export const useHeat = defineStore('heat', () => {
  const session = useSession()
  const filter = useCaseFilter()
  const on = ref(false)
  const per = ref<HeatPer>('km2')
  const bandwidthM = ref<number>(800)
  /** What the map draws: of the last choice whose bounds are known. */
  const drawn = shallowRef<DrawnHeat | null>(null)

  /** Without case rights heat is made of published numbers. */
  const published = computed(() => !session.me?.rights.cases)
  const allowed = computed(() => Boolean(session.me?.rights.cases || session.me?.rights.published))
  const query = computed(() =>
    new URLSearchParams([['bandwidth_m', String(bandwidthM.value)], ['per', per.value], ...caseQuery(filter.choice, published.value)]).toString())
  const shown = computed(() => (on.value && allowed.value ? drawn.value : null))

  /** Looks for the highest density in the box; what was asked for meanwhile wins. */
  async function load(box: Bbox) {
    if (!on.value || !allowed.value) return
    const asked = { query: query.value, per: per.value, bandwidthM: bandwidthM.value }
    const zoom = Math.min(14, zoomForTiles(box, MOST_TILES))
    const path = `${tilePath(['heat'])}?${asked.query}`
    const tiles = await Promise.all(tilesOver(box, zoom).map((tile) => readTile(tileUrl(path, tile))))
    if (asked.query !== query.value) return
    let most = 0
    for (const bytes of tiles) {
      for (const value of heatGrid(decodeHeat(bytes, zoom), asked.bandwidthM, COARSE).values) most = Math.max(most, value)
    }
    const next: DrawnHeat = { ...asked, bounds: heatBounds(most), withheld: published.value }
    // numbers that did not change must not make the style a new one
    if (JSON.stringify(next) !== JSON.stringify(drawn.value)) drawn.value = next
  }

  return { on, per, bandwidthM, drawn, published, allowed, query, shown, load }
})
