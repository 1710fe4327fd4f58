// What the Disputes page reckons by itself: looks of classes, periods, sums of rows, the scale of the funnel, the alarm line.
// Pure; the numbers come from analyses, and what a class means stands in their legends.
import type { AnalysisName, AnalysisRow } from '../api/analyses'
import { addDays, daysBetween, rateOf, type Rate } from './rates'
import type { Theme } from './ramps'

/** What the map shows; two of them are ways to look for clusters, two for what changes. */
export const SHOWN: readonly AnalysisName[] = ['rates', 'hot_spots', 'trends', 'emerging', 'clusters', 'scan']
/** Those that stand behind another on the bar; the legend has the choice between them. */
export const BEHIND: Partial<Record<AnalysisName | 'warnings', AnalysisName>> = { clusters: 'scan', emerging: 'trends' }

/** Made of single cases: never to be had from published numbers. */
export const OF_CASES: readonly AnalysisName[] = ['clusters', 'scan']

/** Looks of classes: RdBu for hot and cold, grey for what chance explains, none for what is hatched. */
const HOT: Record<Theme, string> = { light: '#b2182b', dark: '#ff8a75' }
const HOT_MAYBE: Record<Theme, string> = { light: '#f4a582', dark: '#7d3d39' }
const COLD: Record<Theme, string> = { light: '#2166ac', dark: '#86c6f7' }
const NOT_SIGNIFICANT: Record<Theme, string> = { light: '#d5d5d0', dark: '#3b434a' }
const LOOKS: Record<string, Record<Theme, string>> = {
  hot: HOT, above: HOT, rising: HOT, cluster: HOT, candidate: HOT_MAYBE, cold: COLD, below: COLD, falling: COLD,
  level_blue: { light: '#2f6fb0', dark: '#6aa9e6' }, level_yellow: { light: '#b58900', dark: '#e3c04a' }, level_orange: { light: '#c8620a', dark: '#f0a04b' }, level_red: { light: '#b8301f', dark: '#f2705b' },
  not_significant: NOT_SIGNIFICANT, within: NOT_SIGNIFICANT, no_trend: NOT_SIGNIFICANT, no_pattern: NOT_SIGNIFICANT, none: NOT_SIGNIFICANT,
}
export const FEW_CLASS = 'too_few'
/** Classes that call for a look; all others are quiet. */
export const LOUD = ['hot', 'above', 'rising', 'cluster', 'new_hot', 'consecutive_hot', 'intensifying_hot', 'persistent_hot']

/** The colour of a class in a theme; null: hatched. A class that is new to the page keeps the colour of its legend. */
export function colourOf(name: string, theme: Theme, told = '#d5d5d0'): string | null {
  return name === FEW_CLASS ? null : (LOOKS[name]?.[theme] ?? told)
}

const month = (day: string) => day.slice(0, 7)
/** The last day of a month `2026-02`. */
export function lastDay(of: string): string {
  const [year, number] = of.split('-').map(Number)
  return new Date(Date.UTC(year!, number!, 0)).toISOString().slice(0, 10)
}
/** A month so many months later. */
export function addMonths(of: string, count: number): string {
  const [year, number] = of.split('-').map(Number)
  const total = year! * 12 + number! - 1 + count
  return `${Math.floor(total / 12)}-${String((total % 12) + 1).padStart(2, '0')}`
}
export interface Days { from: string; to: string }
export const isMonth = ({ from, to }: Days) => from.endsWith('-01') && month(from) === month(to) && to === lastDay(month(to))
export const monthDays = (of: string): Days => ({ from: `${of}-01`, to: lastDay(of) })
const wholeMonths = ({ from, to }: Days) => from.endsWith('-01') && to === lastDay(month(to))

/** As many days, or months where these are whole, right before. */
export function periodBefore(days: Days): Days {
  if (!wholeMonths(days)) {
    const length = daysBetween(days.from, days.to)
    return { from: addDays(days.from, -length), to: addDays(days.from, -1) }
  }
  const [first, last] = [month(days.from), month(days.to)]
  const length = months(first, last).length
  return { from: `${addMonths(first, -length)}-01`, to: lastDay(addMonths(first, -1)) }
}
/** The same days, or whole months, a year before. */
export function aYearBefore(days: Days): Days {
  if (wholeMonths(days)) return { from: `${addMonths(month(days.from), -12)}-01`, to: lastDay(addMonths(month(days.to), -12)) }
  const back = (day: string) => (day.slice(5) === '02-29' ? `${Number(day.slice(0, 4)) - 1}-02-28` : `${Number(day.slice(0, 4)) - 1}${day.slice(4)}`)
  return { from: back(days.from), to: back(days.to) }
}
/** Months from the first to the last. */
export function months(first: string, last: string): string[] {
  const found: string[] = []
  for (let at = first; at <= last && found.length < 120; at = addMonths(at, 1)) found.push(at)
  return found
}

/** Windows of the animation: `width` months that end with each of the last `count` whole months. */
export function windows(lastWhole: string, count: number, width: number): { month: string; days: Days }[] {
  return months(addMonths(lastWhole, 1 - count), lastWhole).map((at) => ({ month: at, days: { from: `${addMonths(at, 1 - width)}-01`, to: lastDay(at) } }))
}

export interface Sum { count: number; households: number }
/** Cases and households of the rows whose code begins so. */
export function sumOf(rows: readonly AnalysisRow[], prefix = ''): Sum {
  const sum = { count: 0, households: 0 }
  for (const row of rows) {
    if (!row.code?.startsWith(prefix) || !row.denominator) continue
    sum.count += row.count ?? 0
    sum.households += row.denominator
  }
  return sum
}
export const rateOfSum = (sum: Sum, days: Days): Rate | null => rateOf(sum.count, sum.households, daysBetween(days.from, days.to))
/** Cases that a place of its size would have at the rate of the whole. */
export function expectedIn(row: { denominator?: number }, whole: Sum): number | null {
  return row.denominator && whole.households > 0 ? (whole.count / whole.households) * row.denominator : null
}

/** 1, 2 or 5 times a power of ten, so that about `most` steps reach to the end. */
export function niceStep(end: number, most: number): number {
  const rough = Math.max(1e-9, end / most)
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((n) => n * power >= rough - 1e-12) ?? 10) * power
}
export function ticks(end: number, most: number): number[] {
  const step = niceStep(end, most)
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

/** Ends of the funnel's axes: every place lies inside, but a single far-off rate does not press the others flat. */
export function funnelScale(points: readonly { x: number; y: number }[]): { x: number; y: number } {
  const xs = points.map((p) => p.x)
  const ys = points.map((p) => p.y).sort((a, b) => a - b)
  if (!ys.length) return { x: 1, y: 1 }
  const high = ys[Math.max(0, Math.ceil(ys.length * 0.98) - 1)]!
  return { x: Math.max(...xs) * 1.04, y: Math.max(1e-6, Math.min(ys[ys.length - 1]!, high * 1.6)) * 1.08 }
}

/** Weeks that say what is usual, and those between them and the week judged, so that a rise does not raise its own line. */
export const USUAL_WEEKS = 26
export const GAP_WEEKS = 2
const RARE = 0.01

/**
 * The alarm line: the smallest number that chance reaches in at most one week of a hundred, given the weeks before.
 *
 * Negative binomial with mean and variance of the 26 weeks that ended two weeks before; Poisson where they vary no more
 * than that. Null while there are not enough weeks.
 */
export function alarmLine(counts: readonly number[]): (number | null)[] {
  return counts.map((_, at) => {
    const usual = counts.slice(Math.max(0, at - GAP_WEEKS - USUAL_WEEKS), Math.max(0, at - GAP_WEEKS))
    if (usual.length < USUAL_WEEKS) return null
    const mean = usual.reduce((a, b) => a + b, 0) / usual.length
    const variance = usual.reduce((a, b) => a + (b - mean) ** 2, 0) / (usual.length - 1)
    return rareFrom(mean, variance)
  })
}
/** The smallest count that is reached with a probability of at most 1 %; never under 2. */
export function rareFrom(mean: number, variance: number): number {
  if (mean <= 0) return 2
  const size = variance > mean * 1.02 ? (mean * mean) / (variance - mean) : Infinity
  let chance = size === Infinity ? Math.exp(-mean) : (size / (size + mean)) ** size
  let above = 1
  for (let k = 0; k < 100_000; k++) {
    if (above <= RARE) return Math.max(2, k)
    above -= chance
    chance *= size === Infinity ? mean / (k + 1) : ((k + size) / (k + 1)) * (mean / (mean + size))
  }
  return Math.max(2, Math.ceil(mean))
}
/** Weeks at or past the line. */
export const past = (counts: readonly number[], line: readonly (number | null)[]) => counts.map((count, i) => line[i] !== null && count >= line[i]!)

/** Share of what was found by screening among all whose channel is known; null without any. */
export function activeRatio(channels: readonly { code: string; count: number | null }[]): number | null {
  const all = channels.reduce((sum, it) => sum + (it.count ?? 0), 0)
  return all ? (channels.find((it) => it.code === 'screening')?.count ?? 0) / all : null
}

/** The largest shares, and the others together. */
export function topShares(kinds: readonly { code: string; count: number | null }[], most: number): { code: string; count: number }[] {
  const known = kinds.filter((it) => it.count).map((it) => ({ code: it.code, count: it.count! })).sort((a, b) => b.count - a.count)
  if (known.length <= most) return known
  return [...known.slice(0, most - 1), { code: 'other', count: known.slice(most - 1).reduce((sum, it) => sum + it.count, 0) }]
}
