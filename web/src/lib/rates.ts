// Rates with how sure they are. Counts of rare events: Byar's approximation of the exact Poisson interval.

/** Fewer cases than this say nothing of a place: not coloured, not compared. */
export const TOO_FEW = 3

/** The 95 % interval of a count. */
export function interval(count: number): [low: number, high: number] {
  const z = 1.959964
  const low = count === 0 ? 0 : count * (1 - 1 / (9 * count) - z / (3 * Math.sqrt(count))) ** 3
  const next = count + 1
  const high = next * (1 - 1 / (9 * next) + z / (3 * Math.sqrt(next))) ** 3
  return [low, high]
}

export interface Rate { value: number; low: number; high: number }

/** Per 1,000 households and year; null without households or days. */
export function rateOf(count: number, households: number, days: number): Rate | null {
  if (households <= 0 || days <= 0) return null
  const per = (1000 / households) * (365 / days)
  const [low, high] = interval(count)
  return { value: count * per, low: low * per, high: high * per }
}

/** Civil days from the first to the last, both counted. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1
}

/** A civil day so many days later. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Today by the clock of the machine, as a civil day. */
export function today(now = new Date()): string {
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`
}
