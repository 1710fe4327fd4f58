// The map object: made once, dressed anew whenever the style changes, asked and moved through the functions returned.
// Nobody else touches it. Pointer and keys become picks; what a pick means is decided outside.
import * as ml from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue'
import { loadTile } from '../api/tiles'
import type { Bbox, LonLat } from '../api/types'
import { HEAT_PROTOCOL } from '../layers/heat'
import { CELL_LEVEL, PLACES, PROTOCOL, type StyleSpecification } from '../layers/layer'
import type { Camera } from '../state/address'
import type { Selection } from '../state/mapView'
import { loadHeat } from './heatTiles'
import { drawMissing } from './images'

ml.setWorkerUrl(workerUrl)
ml.addProtocol(PROTOCOL, async (request, abort) => ({
  data: await loadTile(request.url.slice(`${PROTOCOL}://`.length), abort.signal),
}))

ml.addProtocol(HEAT_PROTOCOL, async (request, abort) => ({ data: await loadHeat(request.url, abort.signal) }))

export interface CellInView { code: string; name_zh: string; name_en: string; household_count: number; area_m2: number; density: number }

export interface MapOptions {
  container: Ref<HTMLElement | null>
  style: Ref<StyleSpecification>
  camera: Camera | null
  bounds: Bbox | null
  selectedCell: Ref<string | null>
  label: Ref<string>
  onPick: (selection: Selection) => void
  onMove: (camera: Camera) => void
}

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
  let hovered: string | null = null
  let marked: string | null = null
  let styleLoaded = false

  onMounted(() => {
    try {
      map.value = make(options.container.value!)
    } catch (thrown) {
      console.warn(thrown)
      broken.value = true
    }
  })
  onBeforeUnmount(() => map.value?.remove())

  watch(options.style, (style) => {
    if (styleLoaded) map.value?.setStyle(style, { diff: true })
  })
  watch(options.selectedCell, markSelection)
  watch(options.label, (label) => map.value?.getCanvas().setAttribute('aria-label', label))

  function make(container: HTMLElement): ml.Map {
    const { camera, bounds } = options
    const made = new ml.Map({
      container,
      style: options.style.value as ml.StyleSpecification,
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

    made.on('style.load', () => {
      styleLoaded = true
      made.setStyle(options.style.value as ml.StyleSpecification, { diff: true }) // it may have changed while loading
      marked = null
      markSelection()
    })
    made.setMissingStyleImageResolver((name) => drawMissing(made, name))
    made.on('load', moved)
    made.on('dataloading', () => (loading.value = true))
    made.on('idle', () => (loading.value = false))
    made.on('error', () => {}) // tiles report their trouble through api/client; without a listener it would go to the console
    made.on('moveend', moved)
    made.on('move', measure)
    made.on('mousemove', (event) => hover(placeAt(event.point)?.code ?? null))
    made.on('mouseout', () => hover(null))
    made.on('click', (event) => pick(event.point))
    measureOf(made)
    return made
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
    if (hovered) map.value.setFeatureState({ source: PLACES, sourceLayer: 'cells', id: hovered }, { hover: false })
    if (code) map.value.setFeatureState({ source: PLACES, sourceLayer: 'cells', id: code }, { hover: true })
    hovered = code
    map.value.getCanvas().style.cursor = code ? 'pointer' : ''
  }

  function markSelection() {
    const it = map.value
    if (!it || !styleLoaded) return
    const target = (id: string) => ({ source: PLACES, sourceLayer: 'cells', id })
    if (marked) it.setFeatureState(target(marked), { selected: false })
    marked = options.selectedCell.value
    if (marked) it.setFeatureState(target(marked), { selected: true })
  }

  function pick(point: ml.Point) {
    const it = map.value!
    const box: [ml.PointLike, ml.PointLike] = [[point.x - REACH_PX, point.y - REACH_PX], [point.x + REACH_PX, point.y + REACH_PX]]
    const near = it.queryRenderedFeatures(box, { layers: ['facility', 'facility-bin'].filter((id) => it.getLayer(id)) })[0]
    if (near?.layer.id === 'facility') return options.onPick({ what: 'facility', id: String(near.properties.id) })
    if (near?.layer.id === 'facility-bin') return flyTo(it.unproject(point).toArray() as LonLat, it.getZoom() + 2)
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
    map, loading, broken, scale, flyTo, fit, cellsInView,
    zoomBy: (steps: number) => void map.value?.easeTo({ zoom: map.value.getZoom() + steps, duration: still() ? 0 : 200 }),
    currentZoom: () => map.value?.getZoom() ?? 0,
    resize: () => void map.value?.resize(),
  }
}
