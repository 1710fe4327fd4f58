// The numbers behind legend and layer list: measures of every cell of the own area, facilities by kind.
// Read from the same tiles that the map draws, at the one zoom where few tiles cover the area, so that
// the classes do not change with what happens to be in view.
import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { readTile } from '../api/tiles'
import type { Bbox } from '../api/types'
import { tilesOver, tileUrl, zoomForTiles } from '../lib/tiles'
import { geometric, natural, quantile, sizeRule, countByClass, type Method } from '../lib/breaks'
import { SINGLE_FROM } from '../layers/facilities'
import { CELL_LEVEL, tilePath, type Measure } from '../layers/layer'

type Properties = Record<string, string | number | boolean>
/** What tiles carry of a cell. */
export type CellMeasure = Exclude<Measure, 'rate' | 'cases'>
export interface CellRow {
  code: string; name_zh: string; name_en: string; short_name: string; household_count: number; address_count: number; facility_count: number
  area_m2: number; density: number
}
const FEW_TILES = 4
const MOST_TILES = 16

async function features(names: string[], layer: string, box: Bbox, zoom: number): Promise<Properties[] | null> {
  const loaded = await Promise.all(tilesOver(box, zoom).map((tile) => readTile(tileUrl(tilePath(names), tile))))
  let found: Properties[] | null = null
  for (const bytes of loaded) {
    if (!bytes.byteLength) continue
    const content = new VectorTile(new PbfReader(bytes)).layers[layer]
    if (!content) continue
    found ??= []
    for (let i = 0; i < content.length; i++) found.push(content.feature(i).properties)
  }
  return found
}

const distinct = (rows: Properties[], key: string) => [...new Map(rows.map((row) => [row[key], row])).values()]

export const useStatistics = defineStore('statistics', () => {
  const values = shallowRef<Record<CellMeasure, number[]>>({ density: [], household_count: [] })
  /** The cells themselves, or the areas that stand for them. */
  const cellRows = shallowRef<CellRow[]>([])
  const facilityCounts = shallowRef<Map<string, number> | null>(null)
  const loaded = shallowRef(false)
  /** The area is so large that villages or townships stand for cells. */
  const aggregated = shallowRef(false)

  let begun: { of: string; work: Promise<void> } | null = null
  /** Reads everything before the map is there to show it; the next `load` of the same box waits for this one and tells its trouble. */
  function begin(box: Bbox) {
    begun = { of: String(box), work: read(box, null) }
    begun.work.catch(() => {})
  }

  /** Reads what may have changed: of these layers, or (null) all of it. */
  function load(box: Bbox, layers: Set<string> | null = null): Promise<void> {
    const early = begun?.of === String(box) && !layers ? begun.work : null
    begun = null
    return early ?? read(box, layers)
  }

  async function read(box: Bbox, layers: Set<string> | null) {
    const isDue = (layer: string) => !loaded.value || !layers || layers.has(layer)
    const [cells, facilities] = await Promise.all([
      isDue('cells') ? readCells(box) : null,
      isDue('facilities') ? readFacilities(box) : undefined,
    ])
    if (cells) {
      values.value = {
        density: cells.map((cell) => Number(cell.density ?? 0)),
        household_count: cells.map((cell) => Number(cell.household_count ?? 0)),
      }
      cellRows.value = cells.map((cell) => ({
        code: String(cell.code), name_zh: String(cell.name ?? cell.code), name_en: String(cell.name_en ?? ''), short_name: String(cell.short_name ?? ''),
        household_count: Number(cell.household_count ?? 0), address_count: Number(cell.address_count ?? 0),
        facility_count: Number(cell.facility_count ?? 0), area_m2: Number(cell.area_m2 ?? 0), density: Number(cell.density ?? 0),
      }))
    }
    if (facilities !== undefined) facilityCounts.value = facilities
    loaded.value = true
  }

  /** Cells where the tiles hold them, else the areas that stand for them. */
  async function readCells(box: Bbox): Promise<Properties[]> {
    const deepest = zoomForTiles(box, MOST_TILES)
    let rows: Properties[] = []
    for (let zoom = zoomForTiles(box, FEW_TILES); zoom <= deepest; zoom++) {
      rows = distinct((await features(['cells'], 'cells', box, zoom)) ?? [], 'code')
      aggregated.value = rows.some((row) => Number(row.level) < CELL_LEVEL)
      if (!aggregated.value) return rows
    }
    return rows
  }

  /** Null where the area is too large to count one by one. */
  async function readFacilities(box: Bbox): Promise<Map<string, number> | null> {
    const zoom = Math.max(SINGLE_FROM, zoomForTiles(box, FEW_TILES))
    if (tilesOver(box, zoom).length > MOST_TILES) return null
    const rows = (await features(['facilities'], 'facilities', box, zoom)) ?? []
    const counts = new Map<string, number>()
    for (const row of distinct(rows.filter((r) => r.id !== undefined), 'id')) {
      counts.set(String(row.kind), (counts.get(String(row.kind)) ?? 0) + 1)
    }
    return counts
  }

  function bounds(measure: CellMeasure, method: Method, rule: { min: number; max: number }) {
    const all = values.value[measure]
    return method === 'standard' ? sizeRule(rule) : method === 'quantile' ? quantile(all) : method === 'natural' ? natural(all) : geometric(all)
  }

  return {
    values, cellRows, facilityCounts, loaded, aggregated, begin, load, bounds,
    counts: (measure: CellMeasure, at: number[]) => countByClass(values.value[measure], at),
    cellCount: computed(() => values.value.density.length),
  }
})
