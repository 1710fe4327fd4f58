// Warnings as the page knows them: those that still hold, the one that is open, and the places they speak of.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { ALIVE, findWarning, LEVELS, listWarnings, type Warning, type WarningDetail, type WarningLevel } from '../api/warnings'
import { asProblem, type Problem } from '../api/problem'
import { useSession } from './session'

export type WarningsList = { state: 'loading' } | { state: 'ready'; items: Warning[]; whole: boolean } | { state: 'failed'; problem: Problem }

/** Its cells; of a case the one it lies in. */
export const cellsOf = ({ subject }: Warning) => (subject.cells.length ? subject.cells : subject.area?.length === 15 ? [subject.area] : [])

export const useWarnings = defineStore('warnings', () => {
  const list = shallowRef<WarningsList>({ state: 'loading' })
  const opened = shallowRef<WarningDetail | null>(null)
  const openedProblem = shallowRef<Problem | null>(null)
  /** Ended and false ones too. */
  const all = ref(false)
  const rule = ref<string | null>(null)

  /** The next person at this machine begins with nothing. */
  const session = useSession()
  watch(() => session.me?.user.account, () => {
    list.value = { state: 'loading' }
    opened.value = null
    rule.value = null
  })

  async function load(background = false) {
    try {
      const { items, whole } = await listWarnings(all.value ? [] : ALIVE, { background })
      list.value = { state: 'ready', items, whole }
    } catch (thrown) {
      const problem = asProblem(thrown)
      if (list.value.state !== 'ready' || problem.kind !== 'offline') list.value = { state: 'failed', problem }
    }
  }
  async function open(key: string | null) {
    openedProblem.value = null
    if (!key) return void (opened.value = null)
    if (opened.value?.key !== key) opened.value = null
    try {
      opened.value = await findWarning(key)
    } catch (thrown) {
      openedProblem.value = asProblem(thrown)
    }
  }
  /** Somebody took a step, here or elsewhere. */
  async function heard() {
    await load(true)
    if (opened.value) await open(opened.value.key)
  }

  const shown = computed(() => (list.value.state === 'ready' ? list.value.items.filter((it) => !rule.value || it.rule === rule.value) : []))
  const openCount = computed(() => (list.value.state === 'ready' ? list.value.items.filter((it) => it.state === 'open').length : 0))
  /** The cells that the map shows with the gravest level of each, all others step back: of the open warning, else of all listed. */
  const lit = computed<Map<string, WarningLevel>>(() => {
    const found = new Map<string, WarningLevel>()
    for (const it of opened.value ? [opened.value] : shown.value) {
      for (const code of cellsOf(it)) if (LEVELS.indexOf(it.level) > LEVELS.indexOf(found.get(code)!)) found.set(code, it.level)
    }
    return found
  })

  return { list, opened, openedProblem, all, rule, shown, openCount, lit, load, open, heard }
})
