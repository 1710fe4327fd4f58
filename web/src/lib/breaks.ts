// Where one class ends and the next begins. Pure; the colours are in ramps.ts, the words in the locales.

export type Method = 'quantile' | 'geometric' | 'standard'

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
