// One question at a time, as a value the template can read: what is loading, what came, what went wrong.
// An answer that comes after the question changed is thrown away; the old one stays while the same question is asked again.
import { onBeforeUnmount, shallowRef, watch, type Ref } from 'vue'
import type { Request } from '../api/client'
import { asProblem, type Problem } from '../api/problem'

export type Answer<T> = { state: 'loading' } | { state: 'ready'; value: T } | { state: 'failed'; problem: Problem }

export function useAnswer<T>(options: { key: Ref<string>; ask: (key: string, request: Request) => Promise<T> }) {
  const answer = shallowRef<Answer<T>>({ state: 'loading' })
  let running: AbortController | undefined

  async function load(fresh: boolean) {
    running?.abort()
    running = new AbortController()
    const { signal } = running
    if (fresh) answer.value = { state: 'loading' }
    try {
      const value = await options.ask(options.key.value, { signal, background: !fresh })
      if (!signal.aborted) answer.value = { state: 'ready', value }
    } catch (thrown) {
      if (signal.aborted) return
      const problem = asProblem(thrown)
      // what is on the screen outlives a lost connection; the top bar says that it is old
      if (answer.value.state !== 'ready' || problem.kind !== 'offline') answer.value = { state: 'failed', problem }
    }
  }

  watch(options.key, () => void load(true), { immediate: true })
  onBeforeUnmount(() => running?.abort())
  return { answer, again: () => load(false), retry: () => load(true) }
}
