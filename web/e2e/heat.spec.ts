// The heat map as it is drawn: each colour is the class of the density that the server's bins have there, at every zoom.
import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import type { Page } from '@playwright/test'
import { drawn, expect, faultsOf, jump, openMap, still, test, type MapElement } from './server'

const QUERY = 'bandwidth_m=800&per=km2'
type Rgb = [number, number, number]

interface Sample { lon: number; lat: number; colour: Rgb }

/** Colours of the canvas on a grid of places at least `margin` pixels from its edge, everything but one layer of heat hidden. */
async function samples(page: Page, shown = 'heat', margin = 0): Promise<Sample[]> {
  await page.evaluate((shown) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    for (const { id } of map.getStyle().layers) if (id !== 'outside' && id !== shown) map.setLayoutProperty(id, 'visibility', 'none')
  }, shown)
  await drawn(page)
  return page.evaluate((margin) => new Promise<Sample[]>((done) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    map.once('render', () => {
      const canvas = map.getCanvas()
      const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!
      pen.drawImage(canvas, 0, 0)
      const { data } = pen.getImageData(0, 0, canvas.width, canvas.height)
      const scale = canvas.width / canvas.clientWidth
      const found: Sample[] = []
      for (let x = margin + 13; x < canvas.clientWidth - margin; x += 31) {
        for (let y = margin + 11; y < canvas.clientHeight - margin; y += 29) {
          const { lng, lat } = map.unproject([x + 0.5, y + 0.5])
          const at = (Math.floor(y * scale) * canvas.width + Math.floor(x * scale)) * 4
          found.push({ lon: lng, lat, colour: [data[at]!, data[at + 1]!, data[at + 2]!] })
        }
      }
      done(found)
    })
    map.triggerRepaint()
  }), margin)
}

const mercator = (lat: number) => (1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2

/** Incidents per km² at a place, reckoned in metres on the ground from all bins of the tiles around. */
async function densities(page: Page, z: number): Promise<(lon: number, lat: number) => number> {
  const { bbox } = (await (await page.request.get('/api/me')).json()).home
  const column = (lon: number) => Math.floor(((lon + 180) / 360) * 2 ** z)
  const row = (lat: number) => Math.floor(mercator(lat) * 2 ** z)
  const bins = new Map<string, { x: number; y: number; weight: number }>()
  for (let x = column(bbox[0]); x <= column(bbox[2]); x++) {
    for (let y = row(bbox[3]); y <= row(bbox[1]); y++) {
      const answer = await page.request.get(`/tiles/heat/${z}/${x}/${y}?${QUERY}`)
      const bytes = await answer.body()
      const layer = bytes.length ? new VectorTile(new PbfReader(bytes)).layers.heat : undefined
      for (let i = 0; i < (layer?.length ?? 0); i++) {
        const feature = layer!.feature(i)
        for (const point of feature.loadGeometry().flat()) {
          const at = { x: (x + point.x / 4096) / 2 ** z, y: (y + point.y / 4096) / 2 ** z, weight: Number(feature.properties.weight) }
          bins.set(`${at.x} ${at.y}`, at) // in several tiles, as part of their buffers
        }
      }
    }
  }
  expect(bins.size).toBeGreaterThan(20)
  return (lon, lat) => {
    const ground = 40_075.016_685_6 * Math.cos((lat * Math.PI) / 180)
    const [x0, y0] = [(lon + 180) / 360, mercator(lat)]
    let sum = 0
    for (const { x, y, weight } of bins.values()) {
      const d2 = ((x - x0) * ground) ** 2 + ((y - y0) * ground) ** 2
      sum += weight * (9 / (2 * Math.PI * 0.64)) * Math.exp((-4.5 * d2) / 0.64)
    }
    return sum
  }
}

/** Where classes begin, and their colours as the legend shows them: over the land. */
async function legend(page: Page): Promise<{ from: number; colour: Rgb }[]> {
  return page.locator('.heat-legend li[data-from]').evaluateAll((rows) => rows.map((row) => ({
    from: Number((row as HTMLElement).dataset.from),
    colour: getComputedStyle(row.querySelector('.swatch')!).backgroundColor.match(/\d+/g)!.slice(0, 3).map(Number) as Rgb,
  })))
}

/** How many places have another colour than the class of their density; one within `edge` of a bound may fall to either side. */
function compare(seen: Sample[], density: (lon: number, lat: number) => number, land: Rgb, classes: { from: number; colour: Rgb }[], edge: number) {
  const palette = [land, ...classes.map((c) => c.colour)]
  const classAt = (value: number) => classes.filter(({ from }) => value >= from).length
  const used = new Set<number>()
  let wrong = 0
  for (const { lon, lat, colour } of seen) {
    const value = density(lon, lat)
    const nearest = palette.reduce((best, c, i) => (far(c, colour) < far(palette[best]!, colour) ? i : best), 0)
    if (nearest < classAt(value * (1 - edge)) || nearest > classAt(value * (1 + edge))) wrong++
    used.add(classAt(value))
  }
  return { wrong, classes: used.size }
}

const LAND: Rgb = [0xf4, 0xf3, 0xef]
/** The same land under everything, so that the legend's colours are the ones to be seen. */
const levelLand = (page: Page) => page.evaluate(() =>
  document.querySelector<MapElement>('.map')!.__map.setPaintProperty('outside', 'background-color', '#f4f3ef'))

async function middleOf(page: Page): Promise<[number, number]> {
  const { bbox } = (await (await page.request.get('/api/me')).json()).home
  return [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2]
}

const far = (a: Rgb, b: Rgb) => Math.max(...a.map((v, i) => Math.abs(v - b[i]!)))

test('the drawn colour is the class of the density at zoom 12, 13, 14 and between', async ({ page, server }) => {
  await openMap(page, server, '/map?heat=km2')
  await expect(page.locator('.heat-legend li[data-from]')).toHaveCount(5)
  await still(page)
  const classes = await legend(page)
  const middle = await middleOf(page)
  const density = await densities(page, 13)
  await levelLand(page)
  for (const zoom of [12, 12.6, 13, 14]) {
    await jump(page, middle, zoom)
    const seen = await samples(page)
    const { wrong, classes: used } = compare(seen, density, LAND, classes, 0.03)
    expect(used, `classes at zoom ${zoom}`).toBeGreaterThan(3)
    expect(wrong, `zoom ${zoom}: ${wrong} of ${seen.length} places have another colour than their density`).toBeLessThanOrEqual(seen.length * 0.01)
  }
})

test('the heatmap of /styles means the same, as far as MapLibre knows what lies outside the window', async ({ page, server }) => {
  await openMap(page, server)
  await levelLand(page)
  const middle = await middleOf(page)
  const density = await densities(page, 13)
  const style = await (await page.request.get('/styles/light.json?heat_full=320')).json()
  const layer = style.layers.find(({ id }: { id: string }) => id === 'heat')
  expect(layer.layout.visibility).toBe('none')
  const { bounds, colours, bandwidth_m } = layer.metadata['maplebridge:legend']
  expect(bandwidth_m).toBe(800)
  await page.evaluate(([source, layer]) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    map.addSource('styled', source as never)
    map.addLayer({ ...(layer as object), id: 'styled', source: 'styled', layout: {}, metadata: {} } as never)
  }, [style.sources.heat, layer])
  const hex = (colour: string): Rgb => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) as Rgb
  const classes = bounds.map((from: number, i: number) => ({
    from, colour: hex(colours[i]).map((v, k) => Math.round(v * layer.paint['heatmap-opacity'] + LAND[k]! * (1 - layer.paint['heatmap-opacity']))) as Rgb,
  }))
  for (const [zoom, margin] of [[12, 60], [13, 110], [14, 210]] as const) {
    await jump(page, middle, zoom)
    const seen = await samples(page, 'styled', margin)
    const { wrong, classes: used } = compare(seen, density, LAND, classes, 0.1)
    expect(used, `classes at zoom ${zoom}`).toBeGreaterThan(2)
    expect(wrong, `zoom ${zoom}: ${wrong} of ${seen.length} places have another colour than their density`).toBeLessThanOrEqual(seen.length * 0.05)
  }
})

test('heat is switched on in the list, filtered, kept in the address, and told in both languages', async ({ page, server }) => {
  await openMap(page, server)
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/tiles/heat')) asked.push(decodeURIComponent(new URL(request.url()).search))
  })
  expect(await page.evaluate(() => Boolean(document.querySelector<MapElement>('.map')!.__map.getLayer('heat')))).toBe(false)
  await page.locator('label', { hasText: '纠纷热力' }).click()
  const card = page.locator('.heat-legend')
  await expect(card.locator('li[data-from]').first()).toBeVisible()
  await expect(card).toContainText('件 / 平方公里')
  const boundsOf = () => card.locator('li[data-from]').evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.from)))
  const before = await boundsOf()
  // one colouring at a time
  const cellColour = page.getByRole('checkbox', { name: /网格着色/ })
  await expect(cellColour).not.toBeChecked()

  await page.locator('summary', { hasText: '类别' }).click()
  await page.locator('.choice .option', { hasText: '邻里' }).click()
  await page.locator('#heat-from').fill('2025-01-01')
  await expect.poll(() => asked.some((query) => /category=02/.test(query) && /from=2025-01-01/.test(query))).toBe(true)
  await expect.poll(async () => (await boundsOf()).at(-1)! < before.at(-1)!).toBe(true)
  await expect(page).toHaveURL(/heat=km2.*category=02.*from=2025-01-01/)
  await page.locator('.seg label', { hasText: '每千户' }).click()
  await expect(card).toContainText('件 / 千户')
  await expect.poll(() => asked.some((query) => /per=households/.test(query))).toBe(true)
  for (const query of asked) expect(query).toMatch(/^\?bandwidth_m=800&per=(km2|households)(&[a-z]+=[\w,-]+)*$/)

  await page.getByRole('button', { name: '改用英文' }).click()
  await expect(card).toContainText('per 1,000 households')
  await expect.poll(async () => (await page.locator('.panel, .heat-legend').allInnerTexts()).join('')).not.toMatch(/[\u4e00-\u9fff]/)
  await expect(page).toHaveURL(/lang=en/)
  await page.reload()
  await drawn(page)
  await expect(card).toContainText('per 1,000 households')
  await expect(page.locator('.choice .said.chosen')).toHaveText(/Neighbours/i)
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect(page).not.toHaveURL(/category=/)
  await page.locator('label', { hasText: 'Cell colour' }).click()
  await expect(card).toHaveCount(0)
  await expect(page).not.toHaveURL(/heat=/)
})

test('without case rights nothing of a case is drawn: published numbers alone, and what is too few is hatched', async ({ page, server }) => {
  await openMap(page, server, '/map?heat=km2', 'official')
  await expect(page.locator('.heat-legend')).toContainText('件数过少或未公布')
  await expect(page.locator('.heat-legend')).not.toContainText('安全点')
  await expect.poll(() => page.evaluate(() => {
    const map = document.querySelector<MapElement>('.map')!.__map
    const found = map.getLayer('heat-withheld') ? map.queryRenderedFeatures({ layers: ['heat-withheld'] }) : []
    return [...new Set(found.map((f) => f.properties.reason))].some((reason) => ['too_few', 'not_published'].includes(reason))
  })).toBe(true)
  await expect(page.locator('#heat-from')).toBeVisible()
  await expect(page.locator('.choice')).toHaveCount(0)
  await expect(page.locator('.panel')).toContainText('按月公布数')
})

test.describe('by WCAG 2.2 AA nothing is wrong', () => {
  test.use({ bypassCSP: true })
  for (const theme of ['light', 'dark'] as const) {
    test(`with heat, its choices and its legend, ${theme}`, async ({ page, server }) => {
      await openMap(page, server, `/map?heat=km2&theme=${theme}`)
      await page.locator('.heat-legend li[data-from]').first().waitFor()
      await page.locator('summary', { hasText: '类别' }).click()
      expect(await faultsOf(page)).toEqual([])
    })
  }
})
