// The first look into a tile unpacks it, which takes some milliseconds. That is done here while the page has nothing else to
// do, so that it does not happen under the pointer.
import type { Map as MapLibre, PointLike } from 'maplibre-gl'

/** Where to look, as shares of the canvas: near enough to each other to meet every tile in view. */
const ACROSS = [0.1, 0.37, 0.63, 0.9]
const DOWN = [0.15, 0.5, 0.85]

const later = (work: () => void) => ('requestIdleCallback' in window ? requestIdleCallback(work) : setTimeout(work, 50))

/** Calls `look` at places all over the map, one at a time, whenever tiles have come that were not looked into. */
export function readAhead(map: MapLibre, look: (point: PointLike) => void) {
  let isNew = false
  let places: [number, number][] = []
  map.on('sourcedata', (event) => {
    if ((event as { tile?: unknown }).tile) isNew = true
  })
  map.on('movestart', () => (places = []))
  map.on('remove', () => (places = []))
  map.on('idle', () => {
    if (!isNew) return
    isNew = false
    places = DOWN.flatMap((y) => ACROSS.map((x): [number, number] => [x, y]))
    later(next)
  })
  function next() {
    const place = places.pop()
    if (!place) return
    const { clientWidth, clientHeight } = map.getCanvas()
    look([place[0] * clientWidth, place[1] * clientHeight])
    later(next)
  }
}
