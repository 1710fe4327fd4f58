// Whether the server can be reached, and until when the data on the screen holds.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { onReach } from '../api/client'

export type Connection =
  | { state: 'online' }
  | { state: 'offline'; attempt: number }
  | { state: 'back' } // just recovered; said once, then online

export const useLive = defineStore('live', () => {
  const connection = ref<Connection>({ state: 'online' })

  onReach((reached) => {
    const now = connection.value
    if (reached) {
      if (now.state === 'offline') connection.value = { state: 'back' }
    } else if (now.state !== 'offline') {
      connection.value = { state: 'offline', attempt: 0 }
    }
  })

  return {
    connection,
    offline: computed(() => connection.value.state === 'offline'),
    countAttempt() {
      if (connection.value.state === 'offline') connection.value = { state: 'offline', attempt: connection.value.attempt + 1 }
    },
    acknowledge() {
      if (connection.value.state === 'back') connection.value = { state: 'online' }
    },
  }
})
