// What the map shows: which layers, how the cells are coloured, what is chosen, which list stands beside it. The address
// holds the same (state/address).
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LonLat } from '../api/types'
import type { Method } from '../lib/breaks'
import type { RampName } from '../lib/ramps'
import { isOfCases, type Measure } from '../layers/layer'

export type Selection =
  | { what: 'cell'; code: string }
  | { what: 'facility'; id: string }
  | { what: 'household'; id: string }
  | { what: 'incident'; id: string }
  | null

export const LISTS = ['incidents', 'facilities', 'households', 'cells'] as const
export type ListNoun = (typeof LISTS)[number]

/** Mediation rooms, health posts and governance centres: what a supervisor looks for first. */
export const FIRST_KINDS = ['F08', 'F12', 'F20']

const METHODS: Record<Measure, Method[]> = {
  density: ['quantile', 'geometric', 'natural'],
  household_count: ['quantile', 'natural', 'standard'],
  rate: ['quantile', 'natural', 'standard'],
  cases: ['quantile', 'natural'],
}
const FIRST_METHOD: Record<Measure, Method> = { density: 'geometric', household_count: 'standard', rate: 'standard', cases: 'quantile' }
const OPACITY: Record<Measure, number> = { density: 0.82, household_count: 0.82, rate: 0.74, cases: 0.82 }

export const useMapView = defineStore('mapView', () => {
  const cellsOn = ref(true)
  const measure = ref<Measure>('density')
  const method = ref<Method>('geometric')
  const rampName = ref<RampName>('quantity')
  const opacity = ref(0.82)
  const townships = ref(true)
  const villages = ref(true)
  const households = ref(true)
  const incidents = ref(false)
  const kinds = ref<string[]>([...FIRST_KINDS])
  const focus = ref<string | null>('F08')
  const selection = ref<Selection>(null)
  /** The list beside the map, and the area or cell it is cut to. */
  const list = ref<ListNoun | null>(null)
  const within = ref<string | null>(null)
  const measuring = ref<'length' | 'area' | null>(null)
  const measured = ref<LonLat[]>([])

  /** The size rule is a standard for numbers of households; published numbers have their fixed classes. */
  const methods = computed<Method[]>(() => METHODS[measure.value])
  const effectiveMethod = computed<Method>(() => (methods.value.includes(method.value) ? method.value : FIRST_METHOD[measure.value]))
  const effectiveRamp = computed<RampName>(() =>
    measure.value === 'rate' ? 'load'
    : measure.value === 'household_count' && effectiveMethod.value === 'standard' ? 'sizeRule'
    : rampName.value)
  const ofCases = computed(() => cellsOn.value && isOfCases(measure.value))

  function chooseMeasure(next: Measure) {
    measure.value = next
    method.value = FIRST_METHOD[next]
    opacity.value = OPACITY[next]
  }

  function toggleKind(code: string, on: boolean) {
    kinds.value = on ? [...kinds.value.filter((k) => k !== code), code].sort() : kinds.value.filter((k) => k !== code)
    if (on) focus.value = code // the kind one has just asked for stands out
    else if (focus.value === code) focus.value = null
  }

  function openList(noun: ListNoun, code: string | null = null) {
    list.value = noun
    within.value = code
  }

  function measureWith(tool: 'length' | 'area' | null) {
    measuring.value = tool
    measured.value = []
  }

  const idOf = (what: 'facility' | 'household' | 'incident') => {
    const chosen = selection.value
    return chosen && chosen.what === what ? chosen.id : null
  }
  const selectedCell = computed(() => (selection.value?.what === 'cell' ? selection.value.code : null))
  const selectedFacility = computed(() => idOf('facility'))
  const selectedIncident = computed(() => idOf('incident'))
  const selectedHousehold = computed(() => idOf('household'))

  return {
    cellsOn, measure, method, methods, effectiveMethod, rampName, effectiveRamp, opacity, townships, villages, households, incidents, ofCases,
    kinds, focus, selection, selectedCell, selectedFacility, selectedIncident, selectedHousehold, list, within, measuring, measured,
    chooseMeasure, toggleKind, openList, measureWith,
  }
})
