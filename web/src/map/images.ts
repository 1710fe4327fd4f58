// Signs drawn when the map first asks for them: there is no sprite to fetch, and both themes can stay side by side.
import type { Map as MapLibre } from 'maplibre-gl'
import { GLYPH, glyphPath, parseSign, PLATES } from '../lib/signs'
import { parseCaseSign, SHAPE_PATHS, type Tone } from '../lib/caseSigns'
import type { Theme } from '../lib/ramps'
import { MAP_THEMES, type MapTheme } from '../lib/theme'

const SIDE = 28
const DENSITY = 3

export function drawMissing(map: MapLibre, name: string) {
  if (name.startsWith('hatch-')) return drawHatch(map, name)
  if (name.startsWith('case:')) return drawCase(map, name)
  const sign = parseSign(name)
  if (!sign || map.hasImage(name)) return
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIDE * DENSITY
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) return
  const colours = MAP_THEMES[sign.theme]
  pen.scale(DENSITY, DENSITY)
  const plate = new Path2D(PLATES[sign.tier])
  pen.lineWidth = 1.2
  pen.lineJoin = 'round'
  pen.fillStyle = sign.chosen ? colours.blue : colours.surface
  pen.strokeStyle = sign.chosen ? colours.surface : colours.ink2
  pen.fill(plate)
  pen.stroke(plate)
  pen.translate(GLYPH.offset, GLYPH.offset)
  pen.scale(GLYPH.scale, GLYPH.scale)
  pen.lineWidth = 2.3
  pen.lineCap = 'round'
  pen.strokeStyle = sign.chosen ? colours.onBlue : colours.ink
  pen.stroke(new Path2D(glyphPath(sign.kind)))
  map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: DENSITY })
}

/** Thin lines from corner to corner, for places too few to say: one square that meets itself on all sides. */
function drawHatch(map: MapLibre, name: string) {
  if (map.hasImage(name)) return
  const side = 8 * DENSITY
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = side
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) return
  pen.strokeStyle = MAP_THEMES[name.slice('hatch-'.length) as Theme].fewHatch
  pen.lineWidth = DENSITY
  for (const from of [-side, 0, side]) {
    pen.moveTo(from, side)
    pen.lineTo(from + side, 0)
  }
  pen.stroke()
  map.addImage(name, pen.getImageData(0, 0, side, side), { pixelRatio: DENSITY })
}

const CASE_SIDE = 22
const TONE_COLOURS: Record<Tone, keyof MapTheme> = { maple: 'maple', yellow: 'levelYellow', blue: 'blue', ink: 'ink2' }

/** A case: a filled shape with an edge that keeps it apart from any ground. */
function drawCase(map: MapLibre, name: string) {
  const sign = parseCaseSign(name)
  if (!sign || map.hasImage(name)) return
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = CASE_SIDE * DENSITY
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  if (!pen) return
  const colours = MAP_THEMES[sign.theme]
  const shape = new Path2D(SHAPE_PATHS[sign.shape])
  pen.scale(DENSITY, DENSITY)
  pen.lineWidth = 2.6
  pen.lineJoin = 'round'
  pen.strokeStyle = colours.halo
  pen.stroke(shape)
  pen.fillStyle = colours[TONE_COLOURS[sign.tone]]
  pen.fill(shape)
  map.addImage(name, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: DENSITY })
}
