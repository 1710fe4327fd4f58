// Where one class ends and the next begins. Pure; the colours are in ramps.ts, the words in the locales.

export type Method = 'quantile' | 'geometric' | 'natural' | 'standard'

/** Inner bounds of classes, ascending; class k holds bounds[k-1] <= v < bounds[k]. */
export type Bounds = number[]

/** Two significant digits, as legends print them; zero stays zero. */
export function round2(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(2))
}

/** Sorted, without doubles and without bounds that leave an empty class below the smallest value. */
function tidy(bounds: number[], lowest: number): Bounds {
  return [...new Set(bounds.map(round2))].filter((b) => b > lowest && Number.isFinite(b)).sort((a, b) => a - b)
}

/**
 * Classes of about equal numbers of places.
 *
 * Ties can make fewer classes than asked for: places with the same value never fall apart.
 */
export function quantile(values: readonly number[], classes = 5): Bounds {
  if (!values.length) return []
  const sorted = [...values].sort((a, b) => a - b)
  const lowest = sorted[0]!
  const secondLowest = sorted.find((v) => v > lowest) ?? lowest
  const at = (k: number) => Math.max(secondLowest, sorted[Math.floor((sorted.length * k) / classes)]!)
  return tidy(Array.from({ length: classes - 1 }, (_, k) => at(k + 1)), lowest)
}

/**
 * Classes that each span the same ratio, from the 5th to the 95th percentile of the positive values,
 * so that one odd place does not stretch the whole row. Zeros fall in the first class.
 */
export function geometric(values: readonly number[], classes = 5): Bounds {
  const sorted = values.filter((v) => v > 0).sort((a, b) => a - b)
  if (sorted.length < 2) return []
  const percentile = (p: number) => sorted[Math.round((sorted.length - 1) * p)]!
  const low = percentile(0.05)
  const ratio = (percentile(0.95) / low) ** (1 / classes)
  if (ratio <= 1) return []
  return tidy(Array.from({ length: classes - 1 }, (_, k) => low * ratio ** (k + 1)), 0)
}

/** Around the size rule: under half, under, within, over, over one and a half times the rule. `max` itself is within. */
export function sizeRule(rule: { min: number; max: number }): Bounds {
  return [Math.round(rule.min / 2), rule.min, rule.max + 1, Math.round(rule.max * 1.5) + 1]
}

/** Which class a value falls in, 0 … bounds.length. */
export function classOf(value: number, bounds: Bounds): number {
  let k = 0
  while (k < bounds.length && value >= bounds[k]!) k++
  return k
}

/** How many values each class holds; adds up to `values.length`. */
export function countByClass(values: readonly number[], bounds: Bounds): number[] {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  for (const value of values) counts[classOf(value, bounds)]! += 1
  return counts
}

/** At most so many different values are searched for natural breaks; of more, evenly chosen ones. */
const NATURAL_SAMPLE = 600

/** Natural breaks (Fisher and Jenks): classes within which values differ least, by exact dynamic programming. */
export function natural(values: readonly number[], classes = 5): Bounds {
  let sorted = [...values].sort((a, b) => a - b)
  if (sorted.length > NATURAL_SAMPLE) sorted = Array.from({ length: NATURAL_SAMPLE }, (_, i) => sorted[Math.floor((i * (sorted.length - 1)) / (NATURAL_SAMPLE - 1))]!)
  const distinct = new Set(sorted).size
  const k = Math.min(classes, distinct)
  if (k < 2) return []
  const n = sorted.length
  const sum = new Float64Array(n + 1)
  const squares = new Float64Array(n + 1)
  sorted.forEach((v, i) => {
    sum[i + 1] = sum[i]! + v
    squares[i + 1] = squares[i]! + v * v
  })
  const spread = (i: number, j: number) => squares[j]! - squares[i]! - (sum[j]! - sum[i]!) ** 2 / (j - i) // of sorted[i..j)
  let cost = Float64Array.from({ length: n + 1 }, (_, j) => (j ? spread(0, j) : 0))
  const cuts: Int32Array[] = []
  for (let c = 2; c <= k; c++) {
    const next = new Float64Array(n + 1).fill(Infinity)
    const cut = new Int32Array(n + 1)
    for (let j = c; j <= n; j++) {
      for (let i = c - 1; i < j; i++) {
        const total = cost[i]! + spread(i, j)
        if (total < next[j]! - 1e-9) {
          next[j] = total
          cut[j] = i
        }
      }
    }
    cost = next
    cuts.push(cut)
  }
  const bounds: number[] = []
  let end = n
  for (let c = k - 2; c >= 0; c--) {
    end = cuts[c]![end]!
    bounds.push(sorted[end]!)
  }
  return tidy(bounds, sorted[0]!)
}
