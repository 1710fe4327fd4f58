// What the map shows: which layers, how the cells are coloured, what is chosen. The address holds the same (state/address).
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { Method } from '../lib/breaks'
import type { RampName } from '../lib/ramps'
import type { Measure } from '../layers/layer'

export type Selection = { what: 'cell'; code: string } | { what: 'facility'; id: string } | null

/** Mediation rooms, health posts and governance centres: what a supervisor looks for first. */
export const FIRST_KINDS = ['F08', 'F12', 'F20']

export const useMapView = defineStore('mapView', () => {
  const cellsOn = ref(true)
  const measure = ref<Measure>('density')
  const method = ref<Method>('geometric')
  const rampName = ref<RampName>('quantity')
  const opacity = ref(0.82)
  const townships = ref(true)
  const villages = ref(true)
  const households = ref(true)
  const kinds = ref<string[]>([...FIRST_KINDS])
  const focus = ref<string | null>('F08')
  const selection = ref<Selection>(null)

  /** The size rule is a standard for numbers of households; there is none for a density. */
  const methods = computed<Method[]>(() =>
    measure.value === 'density' ? ['quantile', 'geometric'] : ['quantile', 'geometric', 'standard'])
  const effectiveMethod = computed<Method>(() => (methods.value.includes(method.value) ? method.value : 'geometric'))
  const effectiveRamp = computed<RampName>(() => (effectiveMethod.value === 'standard' ? 'sizeRule' : rampName.value))

  function chooseMeasure(next: Measure) {
    measure.value = next
    method.value = next === 'household_count' ? 'standard' : 'geometric'
  }

  function toggleKind(code: string, on: boolean) {
    kinds.value = on ? [...kinds.value.filter((k) => k !== code), code].sort() : kinds.value.filter((k) => k !== code)
    if (on) focus.value = code // the kind one has just asked for stands out
    else if (focus.value === code) focus.value = null
  }

  const selectedCell = computed(() => (selection.value?.what === 'cell' ? selection.value.code : null))
  const selectedFacility = computed(() => (selection.value?.what === 'facility' ? selection.value.id : null))

  return {
    cellsOn, measure, method, methods, effectiveMethod, rampName, effectiveRamp, opacity, townships, villages, households,
    kinds, focus, selection, selectedCell, selectedFacility, chooseMeasure, toggleKind,
  }
})
