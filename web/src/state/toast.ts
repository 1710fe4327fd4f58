// One message at a time at the foot of the page: news leave after five seconds, what can be undone after ten, trouble stays.
// While somebody points at it or has it in focus it waits: it must not leave under the hand that reaches for it.
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'

export interface Toast { kind: 'news' | 'done' | 'trouble'; text: string; undo?: () => Promise<void>; act?: { text: string; run: () => void } }

const STAYS_MS = { news: 5_000, done: 10_000, trouble: 0 }

export const useToast = defineStore('toast', () => {
  const shown = shallowRef<Toast | null>(null)
  const until = shallowRef(0)
  let timer: ReturnType<typeof setTimeout> | undefined

  function say(toast: Toast) {
    clearTimeout(timer)
    shown.value = toast
    const stays = STAYS_MS[toast.kind]
    until.value = stays ? Date.now() + stays : 0
    if (stays) timer = setTimeout(() => (shown.value = null), stays)
  }
  function hold() {
    clearTimeout(timer)
    until.value = 0
  }
  /** Its time begins anew. */
  function release() {
    if (shown.value) say(shown.value)
  }
  function close() {
    clearTimeout(timer)
    shown.value = null
  }
  return { shown, until, say, hold, release, close }
})
