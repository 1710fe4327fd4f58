// All layers of the map, and the style they make together. A new layer is a file beside this one and its line here.
import { MAP_THEMES } from '../lib/theme'
import { analysis } from './analysis'
import { areas } from './areas'
import { basemap } from './basemap'
import { cells } from './cells'
import { facilities } from './facilities'
import { heat } from './heat'
import { households } from './households'
import { incidents } from './incidents'
import { measured } from './measured'
import { pins } from './pins'
import { raster } from './raster'
import { ORDER, type Layer, type SourceSpecification, type StyleSpecification, type View } from './layer'

export const LAYERS: Layer[] = [areas, raster, basemap, cells, analysis, heat, households, facilities, incidents, pins, measured]

/** A style without glyphs, sprites or any address outside this server: text is drawn with fonts of the machine. */
export function buildStyle(view: View): StyleSpecification {
  const colours = MAP_THEMES[view.theme]
  const sources: Record<string, SourceSpecification> = {}
  for (const layer of LAYERS) Object.assign(sources, layer.sources(view))
  const parts = LAYERS.flatMap((layer) => layer.parts(view, colours))
  const layers = ORDER.flatMap((place) => parts.filter((part) => part.at === place).map((part) => part.spec))
  return { version: 8, name: `maplebridge ${view.theme}`, sources, layers }
}
