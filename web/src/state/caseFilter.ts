// Which cases are meant: one choice for everything on the page that counts them. The server's filters, as an address asks.
import { defineStore } from 'pinia'
import { UNCOUNTED_STATES } from '../lib/caseSigns'
import { computed, ref } from 'vue'

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** A choice of cases; an empty list is all of them. */
export interface CaseChoice { categories: string[]; sources: string[]; states: string[]; from: string; to: string }

export const NO_CHOICE: CaseChoice = { categories: [], sources: [], states: [], from: '', to: '' }

/** The pairs of a query; days alone for readers of published numbers, who may name nothing else. */
export function caseQuery(choice: CaseChoice, published: boolean): [string, string][] {
  const pairs: [string, string][] = [['from', choice.from], ['to', choice.to]]
  const lists: [string, string][] = [['category', choice.categories.join()], ['source', choice.sources.join()], ['state', choice.states.join()]]
  return [...(published ? [] : lists), ...pairs].filter(([name, value]) => value && (!['from', 'to'].includes(name) || DAY.test(value)))
}

/** The pairs of a query for single cases: without a choice of states those that every count speaks of. */
export function countedQuery(choice: CaseChoice, states: readonly { code: string }[]): [string, string][] {
  const counted = choice.states.length ? choice.states : states.map(({ code }) => code).filter((code) => !UNCOUNTED_STATES.includes(code))
  return caseQuery({ ...choice, states: counted }, false)
}

export const useCaseFilter = defineStore('caseFilter', () => {
  const categories = ref<string[]>([])
  const sources = ref<string[]>([])
  const states = ref<string[]>([])
  const from = ref('')
  const to = ref('')

  const choice = computed<CaseChoice>(() => ({ categories: categories.value, sources: sources.value, states: states.value, from: from.value, to: to.value }))
  const isAll = computed(() => caseQuery(choice.value, false).length === 0)

  function choose(next: CaseChoice) {
    categories.value = next.categories
    sources.value = next.sources
    states.value = next.states
    from.value = next.from
    to.value = next.to
  }

  return { categories, sources, states, from, to, choice, isAll, choose, reset: () => choose(NO_CHOICE) }
})
