// How a case looks on the map: the shape is the group of its category, the colour its clock or level. In a square of 22.
import type { Category } from '../api/types'

export const SHAPES = ['circle', 'triangle', 'square', 'diamond', 'pentagon', 'hexagon'] as const
export type Shape = (typeof SHAPES)[number]

const OF_GROUP: Record<string, Shape> = { neighbours: 'circle', family: 'triangle', property: 'square', labour: 'diamond', housing: 'pentagon' }

/** The shape of a category: five groups have their own, all others share one. */
export function shapeOf(category: string, categories: readonly Category[]): Shape {
  return OF_GROUP[categories.find((it) => it.code === category)?.category_group ?? ''] ?? 'hexagon'
}

export const SHAPE_PATHS: Record<Shape, string> = {
  circle: 'M11 4a7 7 0 1 1 0 14a7 7 0 1 1 0-14Z',
  triangle: 'M11 3.2 19 17.4H3Z',
  square: 'M4.6 4.6h12.8v12.8H4.6Z',
  diamond: 'M11 2.6 19.4 11 11 19.4 2.6 11Z',
  pentagon: 'M11 3 18.8 8.7 15.8 18H6.2L3.2 8.7Z',
  hexagon: 'M11 3.4 17.6 7.2v7.6L11 18.6 4.4 14.8V7.2Z',
}

/** What a colour says: overdue, due today, in time; a fault or a remark of an import; a good row. */
export const TONES = ['maple', 'yellow', 'blue', 'ink'] as const
export type Tone = (typeof TONES)[number]

export function caseSign(shape: Shape, tone: Tone, theme: string): string {
  return ['case', shape, tone, theme].join(':')
}

export function parseCaseSign(name: string): { shape: Shape; tone: Tone; theme: 'light' | 'dark' } | null {
  const [what, shape, tone, theme] = name.split(':')
  const sound = what === 'case' && SHAPES.includes(shape as Shape) && TONES.includes(tone as Tone) && (theme === 'light' || theme === 'dark')
  return sound ? { shape: shape as Shape, tone: tone as Tone, theme: theme as 'light' | 'dark' } : null
}

/** States in which a case is at an end or not one by itself; all others are open. */
export const ENDED_STATES = ['closed', 'followed_up', 'archived', 'not_accepted', 'withdrawn', 'merged', 'draft']
/** States that no count speaks of. */
export const UNCOUNTED_STATES = ['draft', 'merged']

/** How a case stands to its day: days left (negative: overdue); null where it has none or is at an end. */
export function daysLeft(it: { due_on: string | null; state: string }, today: string): number | null {
  if (!it.due_on || ENDED_STATES.includes(it.state)) return null
  return Math.round((Date.parse(it.due_on) - Date.parse(today)) / 86_400_000)
}

export function toneOf(it: { due_on: string | null; state: string }, today: string): Tone {
  const left = daysLeft(it, today)
  return left === null ? 'ink' : left < 0 ? 'maple' : left === 0 ? 'yellow' : 'blue'
}
