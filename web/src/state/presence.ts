// While a person points, types or turns the wheel the session stays: the server is told, seldom. Who only looks is signed
// out by the server when its time is over; tiles and what the page asks by itself do not count as presence.
import { onBeforeUnmount, onMounted } from 'vue'

const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const
export const TOLD_EVERY_MS = 120_000

/** Calls `tell` at a sign of presence, at most once in two minutes; the page itself has just been asked for. */
export function presence(tell: () => void, now: () => number): () => void {
  let told = now()
  return () => {
    if (now() - told < TOLD_EVERY_MS) return
    told = now()
    tell()
  }
}

export function usePresence(tell: () => Promise<void>) {
  // away or ended: state/live and state/session say so
  const notice = presence(() => void tell().catch(() => {}), () => performance.now())
  onMounted(() => SIGNS.forEach((sign) => addEventListener(sign, notice, { passive: true })))
  onBeforeUnmount(() => SIGNS.forEach((sign) => removeEventListener(sign, notice)))
}
