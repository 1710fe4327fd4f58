// The time bar's arithmetic: steps of a series, the window over them, and how it moves. Pure.
import { addDays } from './rates'

export interface StepDays { from: string; to: string }
export interface Window { from: string; to: string }

/** The first and last step that the window touches; the whole row where it is open. */
export function indices(steps: readonly StepDays[], { from, to }: Window): [number, number] {
  if (!steps.length) return [0, 0]
  const first = from ? steps.findIndex((step) => step.to >= from) : 0
  const after = to ? steps.findIndex((step) => step.from > to) : -1
  const start = first < 0 ? steps.length - 1 : first
  return [start, Math.max(start, (after < 0 ? steps.length : after) - 1)]
}

/** The window over steps `i` to `j`. */
export function windowOf(steps: readonly StepDays[], i: number, j: number): Window {
  const [a, b] = [Math.max(0, Math.min(i, j)), Math.min(steps.length - 1, Math.max(i, j))]
  return { from: steps[a]?.from ?? '', to: steps[b]?.to ?? '' }
}

/** The window one step on (or back); null where it would leave the row. */
export function shifted(steps: readonly StepDays[], now: Window, by: number): Window | null {
  const [i, j] = indices(steps, now)
  return i + by < 0 || j + by >= steps.length ? null : windowOf(steps, i + by, j + by)
}

export const PRESETS = [30, 90, 365] as const
export const preset = (days: number, today: string): Window => ({ from: addDays(today, 1 - days), to: today })

/** Which preset a window is; `all` where it is open, `own` otherwise. */
export function presetOf({ from, to }: Window, today: string): string {
  if (!from && !to) return 'all'
  const found = PRESETS.find((days) => to === today && from === addDays(today, 1 - days))
  return found ? String(found) : 'own'
}

/** The same days a year before. */
export function yearBefore({ from, to }: Window): Window {
  const back = (day: string) => {
    const [year, ...rest] = day.split('-')
    const text = [Number(year) - 1, ...rest].join('-')
    return text.endsWith('02-29') ? text.replace('02-29', '02-28') : text
  }
  return { from: from && back(from), to: to && back(to) }
}
