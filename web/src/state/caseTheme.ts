// Cells coloured by incidents: the numbers behind it, as far as this reader is told them, and the class of each place.
//
// With case rights these are counts of now under all filters of the page; otherwise sums of published months at the grain
// at which half of the places are shown, with fixed classes. Classes reach the map as states of its features.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { countIncidents, type Pairs } from '../api'
import type { IncidentCounts, PlaceCount } from '../api/types'
import { classOf, natural, quantile, type Bounds, type Method } from '../lib/breaks'
import { TOO_FEW } from '../lib/rates'
import { FEW, NO_BASE, NONE, type Measure } from '../layers/layer'
import { caseQuery, useCaseFilter } from './caseFilter'
import { useSession } from './session'

export type PlaceValue = { code: string; value: number } | { code: string; value: null; k: typeof FEW | typeof NONE | typeof NO_BASE }

/** What a place says: a number, too few to say, or none at all. */
export function valueOf(it: PlaceCount, measure: Measure, source: IncidentCounts['source']): PlaceValue {
  if (source === 'published') return it.class === null || it.rate === null ? { code: it.code, value: null, k: FEW } : { code: it.code, value: it.rate }
  if (!it.count) return { code: it.code, value: null, k: NONE }
  if (measure === 'cases') return { code: it.code, value: it.count }
  if (it.rate === null && it.count >= TOO_FEW) return { code: it.code, value: null, k: NO_BASE }
  return it.rate === null || it.count < TOO_FEW ? { code: it.code, value: null, k: FEW } : { code: it.code, value: it.rate }
}

export function boundsOf(values: number[], method: Method, fixed: number[]): Bounds {
  if (method === 'standard') return fixed.slice(1)
  return method === 'natural' ? natural(values) : quantile(values)
}

export const useCaseTheme = defineStore('caseTheme', () => {
  const session = useSession()
  const filter = useCaseFilter()
  const counts = shallowRef<IncidentCounts | null>(null)
  /** Villages and townships, which stand for cells where those are too small. */
  const wider = shallowRef<PlaceCount[]>([])
  const loading = ref(false)

  const published = computed(() => counts.value?.source === 'published')
  const allowed = computed(() => Boolean(session.me?.rights.published))
  const query = computed<Pairs>(() => caseQuery(filter.choice, !session.me?.rights.cases))

  async function load(signal?: AbortSignal) {
    if (!allowed.value) return
    loading.value = true
    try {
      const asked = JSON.stringify(query.value)
      const cuts = (session.me?.home.level ?? 15) <= 9 ? ['village', 'township'] : []
      const [main, ...others] = await Promise.all([
        countIncidents(query.value, { signal }), ...cuts.map((level) => countIncidents([...query.value, ['level', level]], { signal })),
      ])
      if (asked !== JSON.stringify(query.value)) return
      counts.value = main
      wider.value = others.flatMap((it) => it.items)
    } finally {
      loading.value = false
    }
  }

  const values = (measure: Measure) => (counts.value?.items ?? []).map((it) => valueOf(it, measure, counts.value!.source))

  function bounds(measure: Measure, method: Method): Bounds {
    if (!counts.value) return []
    const numbers = values(measure).flatMap((it) => (it.value === null ? [] : [it.value]))
    return boundsOf(numbers, published.value ? 'standard' : method, counts.value.classes)
  }

  /** The class of every place that can be drawn: of cells below a coarser grain that of the place around them. */
  function classes(measure: Measure, at: Bounds, cells: readonly string[]): Map<string, number> {
    const found = new Map<string, number>()
    if (!counts.value) return found
    const k = (it: PlaceCount) => {
      const value = valueOf(it, measure, counts.value!.source)
      return value.value === null ? value.k : classOf(value.value, at)
    }
    for (const it of wider.value) found.set(it.code, k(it))
    for (const it of counts.value.items) found.set(it.code, k(it))
    const digits = counts.value.items[0]?.code.length ?? 15
    if (digits < 15) for (const code of cells) found.set(code, found.get(code.slice(0, digits)) ?? FEW)
    return found
  }

  return { counts, loading, published, allowed, query, load, values, bounds, classes }
})
