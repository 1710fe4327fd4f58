// The sign of each kind of facility: the plate says the service tier, the glyph (Lucide, ISC) the kind.
// Shapes only, in a square of 28; ui/SignIcon.vue draws them as SVG, map/images.ts on a canvas.
import {
  Baby, Briefcase, Bus, ConciergeBell, Cross, Dumbbell, Flag, Gavel, HandHeart, Handshake, HeartHandshake, Hospital,
  Landmark, Library, MapPin, MessageCircleHeart, Scale, School, ShieldCheck, ShoppingBasket, Store, Tent, Toilet, Trees,
  type IconNode,
} from 'lucide'
import type { Tier } from '../api/types'

const GLYPHS: Record<string, IconNode> = {
  F01: ConciergeBell, F02: Baby, F03: HeartHandshake, F04: Library, F05: Dumbbell, F06: Store, F07: Toilet, F08: Handshake,
  F09: HandHeart, F10: School, F11: ShoppingBasket, F12: Cross, F13: Bus, F14: Trees, F15: School, F16: Cross,
  F17: HeartHandshake, F18: Library, F19: Flag, F20: Landmark, F21: Scale, F22: ShieldCheck, F23: MessageCircleHeart,
  F24: Flag, F25: Gavel, F26: Briefcase, F27: Hospital, F28: Tent, F29: Scale,
}

/** A kind that the code list gained later gets a pin until it has a glyph here. */
export function glyphOf(kind: string): IconNode {
  return GLYPHS[kind] ?? MapPin
}

export const PLATES: Record<Tier, string> = {
  '5min': 'M14 3a11 11 0 1 1 0 22a11 11 0 1 1 0-22Z',
  '10min': 'M9.5 3.5h9a6 6 0 0 1 6 6v9a6 6 0 0 1-6 6h-9a6 6 0 0 1-6-6v-9a6 6 0 0 1 6-6Z',
  '15min': 'M14 2.4 24.2 8.2v11.6L14 25.6 3.8 19.8V8.2Z',
  policy: 'M14 2.4 24.2 8.2v11.6L14 25.6 3.8 19.8V8.2Z',
}

/** Where the glyph of 24 units sits on the plate of 28. */
export const GLYPH = { offset: 7.4, scale: 0.55 }

/** The outline of one Lucide element as SVG path data. */
export function pathOf(tag: string, attributes: Record<string, string | number | undefined>): string {
  const n = (name: string) => Number(attributes[name] ?? 0)
  switch (tag) {
    case 'path':
      return String(attributes.d)
    case 'circle':
      return ellipse(n('cx'), n('cy'), n('r'), n('r'))
    case 'ellipse':
      return ellipse(n('cx'), n('cy'), n('rx'), n('ry'))
    case 'line':
      return `M${n('x1')} ${n('y1')}L${n('x2')} ${n('y2')}`
    case 'polyline':
      return `M${String(attributes.points)}`
    case 'polygon':
      return `M${String(attributes.points)}Z`
    case 'rect': {
      const [x, y, w, h] = [n('x'), n('y'), n('width'), n('height')]
      const r = Math.min(n('rx') || n('ry'), w / 2, h / 2)
      return `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - w}`
        + `a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - h}a${r} ${r} 0 0 1 ${r} ${-r}Z`
    }
    default:
      return ''
  }
}

function ellipse(cx: number, cy: number, rx: number, ry: number): string {
  return `M${cx - rx} ${cy}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0 ${-2 * rx} 0Z`
}

/** All strokes of a glyph in one path; each starts from the origin, since Lucide's begin with a relative `m`. */
export function glyphPath(kind: string): string {
  return glyphOf(kind).map(([tag, attributes]) => `M0 0${pathOf(tag, attributes)}`).join('')
}

/** Name of a sign among the images of the map; `parseSign` reads it back when the map asks for it. */
export function signName(kind: string, tier: Tier, chosen: boolean, theme: string): string {
  return ['sign', kind, tier, chosen ? 'chosen' : 'plain', theme].join(':')
}

export function parseSign(name: string): { kind: string; tier: Tier; chosen: boolean; theme: 'light' | 'dark' } | null {
  const [what, kind, tier, chosen, theme] = name.split(':')
  if (what !== 'sign' || !kind || !tier || !(tier in PLATES) || (theme !== 'light' && theme !== 'dark')) return null
  return { kind, tier: tier as Tier, chosen: chosen === 'chosen', theme }
}
