// The map object: made once, dressed anew whenever the style changes, asked and moved through the functions returned.
// Nobody else touches it. Pointer and keys become picks; what a pick means is decided outside.
import * as ml from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue'
import { loadTile, warmTiles } from '../api/tiles'
import type { Bbox, LonLat } from '../api/types'
import { ANALYSIS, ANALYSIS_FILL } from '../layers/analysis'
import { HEAT_PROTOCOL } from '../layers/heat'
import { CELL_LEVEL, PLACES, PROTOCOL, type StyleSpecification } from '../layers/layer'
import type { Camera } from '../state/address'
import type { Selection } from '../state/mapView'
import { firstTiles } from './firstTiles'
import { loadHeat } from './heatTiles'
import { drawMissing } from './images'
import { readAhead } from './readAhead'

ml.setWorkerUrl(workerUrl)
ml.prewarm() // its threads begin while the page around the map is still being made
ml.addProtocol(PROTOCOL, async (request, abort) => ({
  data: await loadTile(request.url.slice(`${PROTOCOL}://`.length), abort.signal),
}))

ml.addProtocol(HEAT_PROTOCOL, async (request, abort) => ({ data: await loadHeat(request.url, abort.signal) }))

export interface CellInView { code: string; name_zh: string; name_en: string; household_count: number; area_m2: number; density: number }

export interface MapOptions {
  container: Ref<HTMLElement | null>
  /** Settles once the style holds all that the first picture needs: with a style that changes meanwhile every tile is read twice. */
  ready?: Promise<unknown>
  style: Ref<StyleSpecification>
  camera: Camera | null
  bounds: Bbox | null
  selectedCell: Ref<string | null>
  label: Ref<string>
  /** The class of each place, where tiles do not carry it. */
  classes: Ref<Map<string, number>>
  /** Classes of the places of an analysis that differ from those in its tiles, and which of them step back. */
  analysed?: Ref<Map<string, PlaceState>>
  onPick: (selection: Selection) => void
  onMove: (camera: Camera) => void
  /** What lies under the pointer: a row beside the map lights up. */
  onHover?: (hovered: Hovered) => void
  /** Takes a click before it is a pick; true: it was meant for something else. */
  onPoint?: (at: LonLat, twice: boolean) => boolean
  onPointer?: (at: LonLat | null) => void
  /** The place of an analysis under a click, null beside all; true: it was meant. */
  onPlace?: (code: string | null) => boolean
}

export interface PlaceState { k: string; dim: boolean }

export type Hovered = { what: 'cell' | 'place' | 'facility' | 'incident' | 'household' | 'pin'; id: string } | null

/** A benchmark sets the mark; without it nothing is measured. */
function timed<A extends unknown[]>(name: string, work: (...args: A) => void) {
  return (...args: A) => {
    if (!performance.getEntriesByName('map:watch').length) return work(...args)
    const start = performance.now()
    work(...args)
    performance.measure(`map:${name}`, { start })
  }
}

/** A slow server does not keep the land from being seen. */
const READY_MS = 500
const REACH_PX = 6 // how near a finger must come to a sign
/** What lies over the map's edges: on a phone the search above and the sheet below. */
const fitting = () => ({
  padding: innerWidth < 900 ? { top: 72, right: 16, bottom: 250, left: 16 } : 28,
  maxZoom: 15.5,
})
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches

export function useMap(options: MapOptions) {
  const map = shallowRef<ml.Map | null>(null)
  const loading = shallowRef(true)
  const broken = shallowRef(false)
  const scale = shallowRef({ metresPerPixel: 0 })
  const marks = new Map<string, ml.Marker>()
  let given = new Map<string, number>()
  let analysed = new Map<string, PlaceState>()
  let analysedIn = ''
  let told = ''
  let hovered: string | null = null
  let marked: string | null = null
  let styleLoaded = false

  let left = false
  onMounted(async () => {
    if (options.ready) await Promise.race([options.ready.catch(() => {}), new Promise((done) => setTimeout(done, READY_MS))])
    if (left) return
    try {
      map.value = make(options.container.value!)
    } catch (thrown) {
      console.warn(thrown)
      broken.value = true
    }
  })
  onBeforeUnmount(() => {
    left = true
    cancelAnimationFrame(dressing)
    map.value?.remove()
  })

  // several changes of one moment are one new style
  let dressing = 0
  watch(options.style, () => {
    cancelAnimationFrame(dressing)
    dressing = requestAnimationFrame(() => {
      dressing = 0
      if (!styleLoaded || !map.value) return
      map.value.setStyle(options.style.value as ml.StyleSpecification, { diff: true })
      giveAnalysed()
    })
  })
  watch(options.selectedCell, markSelection)
  watch(options.classes, giveClasses)
  if (options.analysed) watch(options.analysed, giveAnalysed)
  watch(options.label, (label) => map.value?.getCanvas().setAttribute('aria-label', label))

  function make(container: HTMLElement): ml.Map {
    const { camera, bounds } = options
    const first = options.style.value
    const made = new ml.Map({
      container,
      style: first as ml.StyleSpecification,
      attributionControl: false,
      localIdeographFontFamily: "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif",
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      maxZoom: 18.5,
      fadeDuration: still() ? 0 : 150,
      ...(camera ? { center: [camera.lon, camera.lat], zoom: camera.zoom } : {}),
      ...(!camera && bounds ? { bounds, fitBoundsOptions: fitting() } : {}),
    })
    made.touchZoomRotate.disableRotation()
    made.keyboard.disableRotation()
    made.getCanvas().setAttribute('aria-label', options.label.value)
    ;(container as HTMLElement & { __map?: ml.Map }).__map = made // for tests and the console; nothing reads it here

    warmTiles(firstTiles(first, made.getBounds().toArray().flat() as Bbox, made.getZoom()))
    let dressed: ml.Style | undefined
    made.on('style.load', () => {
      if (made.style === dressed) return // only what differs was changed: the states of the features are still there
      dressed = made.style
      styleLoaded = true
      if (options.style.value !== first) made.setStyle(options.style.value as ml.StyleSpecification, { diff: true }) // changed while loading
      marked = null
      given = new Map()
      analysedIn = ''
      markSelection()
      giveClasses()
      giveAnalysed()
    })
    made.setMissingStyleImageResolver((name) => drawMissing(made, name))
    made.on('load', moved)
    made.on('dataloading', () => (loading.value = true))
    made.on('idle', () => (loading.value = false))
    made.on('error', () => {}) // tiles report their trouble through api/client; without a listener it would go to the console
    made.on('moveend', timed('moved', moved))
    made.on('move', timed('move', measure))
    made.on('mousemove', pointed)
    made.on('mouseout', () => {
      hover(null)
      tell(null)
      options.onPointer?.(null)
    })
    made.on('click', timed('pick', (event: ml.MapMouseEvent) => {
      if (!options.onPoint?.(event.lngLat.toArray() as LonLat, false)) pick(event.point)
    }))
    made.on('dblclick', (event) => {
      if (options.onPoint?.(event.lngLat.toArray() as LonLat, true)) event.preventDefault()
    })
    // until somebody moves the map it frames the whole area, whatever opens beside it
    const seen = () => `${made.getCenter().toString()} ${made.getZoom()}`
    let framed = !camera && bounds ? seen() : ''
    made.on('resize', () => {
      if (seen() !== framed) return
      made.fitBounds(bounds!, { ...fitting(), animate: false })
      framed = seen()
    })
    readAhead(made, (point) => under(ml.Point.convert(point)))
    measureOf(made)
    for (const mark of marks.values()) mark.addTo(made)
    return made
  }

  // one look a frame, however many moves the pointer makes
  let frame = 0
  function pointed(event: ml.MapMouseEvent) {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(timed('hover', () => {
      if (!map.value) return
      options.onPointer?.(event.lngLat.toArray() as LonLat)
      const it = under(event.point)
      const { sign, code } = it
      hover(code)
      tell(sign ?? (code ? { what: it.place ? 'place' : 'cell', id: code } : null))
      map.value.getCanvas().style.cursor = sign || code ? 'pointer' : ''
    }))
  }

  /** What lies under the pointer, in one question: a sign within two pixels, and the cell. */
  function under(point: ml.Point): { sign: Hovered; code: string | null; place: boolean } {
    const it = map.value!
    const layers = ['pin', 'incident', 'facility', 'household', ANALYSIS_FILL, 'cell-fill'].filter((id) => it.getLayer(id))
    const box: [ml.PointLike, ml.PointLike] = [[point.x - 2, point.y - 2], [point.x + 2, point.y + 2]]
    const found = layers.length ? it.queryRenderedFeatures(box, { layers }) : []
    const answered = it.getLayer(ANALYSIS_FILL) !== undefined
    const place = found.find((f) => f.layer.id === (answered ? ANALYSIS_FILL : 'cell-fill'))
    const code = place?.properties.code ?? (answered ? undefined : null)
    return { sign: signOf(found.find((f) => f.layer.id !== ANALYSIS_FILL && f.layer.id !== 'cell-fill')), code: code ? String(code) : null, place: answered }
  }

  function tell(next: Hovered) {
    const key = next ? `${next.what} ${next.id}` : ''
    if (key === told) return
    told = key
    options.onHover?.(next)
  }

  const SIGNS = { facility: 'facility', incident: 'incident', pin: 'pin', household: 'household' } as const
  /** The sign at a place of the canvas, what stands for itself before what was drawn from tiles. */
  function signAt(point: ml.Point, reach: number): Hovered {
    const it = map.value!
    const box: [ml.PointLike, ml.PointLike] = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]]
    const layers = ['pin', 'incident', 'facility', 'household'].filter((id) => it.getLayer(id))
    return signOf(layers.length ? it.queryRenderedFeatures(box, { layers })[0] : undefined)
  }
  function signOf(found: ml.MapGeoJSONFeature | undefined): Hovered {
    if (!found) return null
    const what = SIGNS[found.layer.id as keyof typeof SIGNS]
    const id = what === 'facility' || what === 'pin' ? found.properties.id : found.id
    return id === undefined || (what === 'household' && found.properties.count !== undefined) ? null : { what, id: String(id) }
  }

  /** Gives each place its class, and takes it from those that have none any more. */
  function giveClasses() {
    const it = map.value
    if (!it || !styleLoaded) return
    const target = (id: string) => ({ source: PLACES, sourceLayer: 'cells', id })
    const next = options.classes.value
    for (const code of given.keys()) if (!next.has(code)) it.removeFeatureState(target(code), 'k')
    for (const [code, k] of next) if (given.get(code) !== k) it.setFeatureState(target(code), { k })
    given = new Map(next)
  }

  /** Gives the places of an analysis their newer classes; a new source knows none. */
  function giveAnalysed() {
    const it = map.value
    const source = it?.getSource(ANALYSIS) as ml.VectorTileSource | undefined
    if (!it || !styleLoaded || !source) return void (analysedIn = '')
    const from = String(source.tiles?.[0])
    if (from !== analysedIn) {
      analysed = new Map()
      analysedIn = from
      markSelection()
    }
    const target = (id: string) => ({ source: ANALYSIS, sourceLayer: 'analysis', id })
    const next = options.analysed?.value ?? new Map<string, PlaceState>()
    for (const code of analysed.keys()) {
      if (next.has(code)) continue
      it.removeFeatureState(target(code), 'k')
      it.removeFeatureState(target(code), 'dim')
    }
    for (const [code, state] of next) {
      const known = analysed.get(code)
      if (known?.k !== state.k || known.dim !== state.dim) it.setFeatureState(target(code), { ...state })
    }
    analysed = new Map(next)
  }

  /** A ring around a place, by name; null takes it away. Drawn over the map, so that no style changes with it. */
  function ring(name: string, at: LonLat | null) {
    const known = marks.get(name)
    if (!at) {
      known?.remove()
      marks.delete(name)
      return
    }
    if (known) return void known.setLngLat(at)
    const element = document.createElement('span')
    element.className = 'map-ring'
    const mark = new ml.Marker({ element }).setLngLat(at)
    marks.set(name, mark)
    if (map.value) mark.addTo(map.value) // else once it is made
  }

  /** A sign that is dragged to where it belongs; returns the function that takes it away. */
  function dragged(at: LonLat, onDrop: (at: LonLat) => void): { move: (at: LonLat) => void; remove: () => void } {
    const element = document.createElement('button')
    element.type = 'button'
    element.className = 'map-handle'
    const marker = new ml.Marker({ element, draggable: true }).setLngLat(at)
    if (map.value) marker.addTo(map.value)
    const drop = (to: ml.LngLat) => onDrop([Number(to.lng.toFixed(7)), Number(to.lat.toFixed(7))])
    marker.on('dragend', () => drop(marker.getLngLat()))
    const STEPS: Record<string, [number, number]> = { ArrowLeft: [-4, 0], ArrowRight: [4, 0], ArrowUp: [0, -4], ArrowDown: [0, 4] }
    element.addEventListener('keydown', (event) => {
      const step = STEPS[event.key]
      if (!step || !map.value) return
      event.preventDefault()
      event.stopPropagation()
      const from = map.value.project(marker.getLngLat())
      marker.setLngLat(map.value.unproject([from.x + step[0], from.y + step[1]]))
      drop(marker.getLngLat())
    })
    return { move: (to) => void marker.setLngLat(to), remove: () => void marker.remove() }
  }

  /** The picture as it is drawn now, `density` pixels to one; the map is back as it was when it returns. */
  async function picture(density: number): Promise<{ url: string; width: number; height: number }> {
    const it = map.value!
    const before = it.getPixelRatio()
    it.setPixelRatio(density)
    await new Promise<void>((done) => {
      const timer = setTimeout(done, 8_000)
      it.once('idle', () => {
        clearTimeout(timer)
        done()
      })
      it.triggerRepaint()
    })
    const url = await new Promise<string>((done) => {
      it.once('render', () => done(it.getCanvas().toDataURL('image/png')))
      it.triggerRepaint()
    })
    const { clientWidth: width, clientHeight: height } = it.getCanvas()
    it.setPixelRatio(before)
    return { url, width, height }
  }

  const moved = () => {
    const { lng, lat } = map.value!.getCenter()
    options.onMove({ lon: lng, lat, zoom: map.value!.getZoom() })
    measure()
  }
  const measure = () => measureOf(map.value!)
  function measureOf(it: ml.Map) {
    const y = it.getContainer().clientHeight / 2
    scale.value = { metresPerPixel: it.unproject([0, y]).distanceTo(it.unproject([100, y])) / 100 }
  }

  function placeAt(point: ml.Point): { code: string; level: number } | null {
    if (!map.value?.getLayer('cell-fill')) return null
    const found = map.value.queryRenderedFeatures(point, { layers: ['cell-fill'] })[0]?.properties
    return found ? { code: String(found.code), level: Number(found.level ?? CELL_LEVEL) } : null
  }

  function hover(code: string | null) {
    if (code === hovered || !map.value) return
    if (hovered) mark(hovered, { hover: false })
    if (code) mark(code, { hover: true })
    hovered = code
  }

  /** A state of a place, as a cell and as a place of an analysis. */
  function mark(id: string, state: Record<string, boolean>) {
    map.value?.setFeatureState({ source: PLACES, sourceLayer: 'cells', id }, state)
    if (map.value?.getSource(ANALYSIS)) map.value.setFeatureState({ source: ANALYSIS, sourceLayer: 'analysis', id }, state)
  }

  function markSelection() {
    const it = map.value
    if (!it || !styleLoaded) return
    if (marked) mark(marked, { selected: false })
    marked = options.selectedCell.value
    if (marked) mark(marked, { selected: true })
  }

  function pick(point: ml.Point) {
    const it = map.value!
    const sign = signAt(point, REACH_PX)
    if (sign?.what === 'pin') return options.onPick({ what: 'incident', id: sign.id })
    if (sign && sign.what !== 'cell' && sign.what !== 'place') return options.onPick({ what: sign.what, id: sign.id })
    if (it.getLayer(ANALYSIS_FILL)) {
      const code = it.queryRenderedFeatures(point, { layers: [ANALYSIS_FILL] })[0]?.properties.code
      if (options.onPlace?.(code ? String(code) : null)) return
    }
    const box: [ml.PointLike, ml.PointLike] = [[point.x - REACH_PX, point.y - REACH_PX], [point.x + REACH_PX, point.y + REACH_PX]]
    const bins = ['incident-bin', 'facility-bin'].filter((id) => it.getLayer(id))
    if (bins.length && it.queryRenderedFeatures(box, { layers: bins })[0]) return flyTo(it.unproject(point).toArray() as LonLat, it.getZoom() + 2)
    const place = placeAt(point)
    if (place && place.level < CELL_LEVEL) return flyTo(it.unproject(point).toArray() as LonLat, it.getZoom() + 1.5)
    options.onPick(place ? { what: 'cell', code: place.code } : null)
  }

  function flyTo(center: LonLat, zoom: number) {
    if (still()) map.value?.jumpTo({ center, zoom })
    else map.value?.easeTo({ center, zoom, duration: 320 })
  }

  function fit(bounds: Bbox) {
    map.value?.fitBounds(bounds, { ...fitting(), animate: !still(), duration: 320 })
  }

  /** Cells drawn now, each once, most households first: the map as a table. */
  function cellsInView(): CellInView[] {
    if (!map.value?.getLayer('cell-fill')) return []
    const cells = new Map<string, CellInView>()
    for (const { properties: p } of map.value.queryRenderedFeatures({ layers: ['cell-fill'] })) {
      if (Number(p.level ?? CELL_LEVEL) < CELL_LEVEL) continue
      cells.set(String(p.code), {
        code: String(p.code), name_zh: String(p.name ?? p.code), name_en: String(p.name_en ?? ''), household_count: Number(p.household_count ?? 0),
        area_m2: Number(p.area_m2 ?? 0), density: Number(p.density ?? 0),
      })
    }
    return [...cells.values()].sort((a, b) => b.household_count - a.household_count || a.code.localeCompare(b.code))
  }

  return {
    map, loading, broken, scale, flyTo, fit, cellsInView, hover, ring, dragged, picture,
    zoomBy: (steps: number) => void map.value?.easeTo({ zoom: map.value.getZoom() + steps, duration: still() ? 0 : 200 }),
    currentZoom: () => map.value?.getZoom() ?? 0,
    resize: () => void map.value?.resize(),
    /** Calls with every move; returns the function that stops it. */
    follow(listen: (center: LonLat, zoom: number) => void): () => void {
      const tellAll = () => map.value && listen(map.value.getCenter().toArray() as LonLat, map.value.getZoom())
      map.value?.on('move', tellAll)
      return () => void map.value?.off('move', tellAll)
    },
    jump: (center: LonLat, zoom: number) => void map.value?.jumpTo({ center, zoom }),
    bounds: () => map.value?.getBounds().toArray().flat() as Bbox | undefined,
    async idle() {
      while (dressing) await new Promise(requestAnimationFrame)
      const it = map.value
      if (it && !it.loaded()) await it.once('idle')
    },
  }
}
