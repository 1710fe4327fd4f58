// Who is signed in, and the code lists that go with it.
//
// A hint in local storage says whether asking is worth it, so that a first visit begins with the sign-in form
// and not with a refused request. The session itself is a cookie that scripts cannot read.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import * as api from '../api'
import { onUnauthenticated } from '../api/client'
import { asProblem } from '../api/problem'
import { forgetEvents } from '../api/events'
import { forgetTiles } from '../api/tiles'
import type { Codes, Me } from '../api/types'

const HINT = 'maplebridge.session'

export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  const codes = shallowRef<Codes | null>(null)
  const ended = ref(false) // signed out by the server rather than by hand

  onUnauthenticated(() => {
    if (me.value) ended.value = true
    forget()
  })

  function forget() {
    me.value = null
    codes.value = null
    codesComing = null
    forgetTiles()
    forgetEvents()
    localStorage.removeItem(HINT)
  }

  /** Whether asking is worth it. */
  const mayBeIn = () => me.value !== null || localStorage.getItem(HINT) !== null

  /** Finds out whether a session is still there; throws only when the server cannot be reached. */
  async function resume(): Promise<boolean> {
    if (me.value) return true
    if (!localStorage.getItem(HINT)) return false
    try {
      me.value = await api.readMe()
      return true
    } catch (thrown) {
      if (asProblem(thrown).kind === 'unauthenticated') return false
      throw thrown
    }
  }

  async function signIn(account: string, password: string) {
    me.value = await api.signIn(account, password)
    ended.value = false
    localStorage.setItem(HINT, '1')
  }

  async function signOut() {
    try {
      await api.signOut()
    } finally {
      forget()
    }
  }

  /** What the page asks by itself, round after round. */
  async function refresh(signal?: AbortSignal) {
    me.value = await api.readMe(true, signal)
  }

  /** Tells the server that a person is at work, though nothing was asked that would say so. */
  async function stay() {
    if (!me.value) return
    me.value = await api.readMe()
  }

  async function changePassword(current: string, next: string) {
    await api.changePassword(current, next)
    me.value = await api.readMe()
  }

  let codesComing: Promise<Codes> | null = null
  /** Once; whoever asks meanwhile waits for the same answer. */
  async function loadCodes() {
    if (codes.value) return
    const asked = (codesComing ??= api.readCodes())
    try {
      const found = await asked
      if (codesComing === asked) codes.value = found
    } finally {
      if (codesComing === asked) codesComing = null
    }
  }

  return {
    me, codes, ended,
    mustChange: computed(() => me.value?.user.must_change_password ?? false),
    mayBeIn, resume, signIn, signOut, refresh, stay, changePassword, loadCodes,
  }
})
