// What a supervisor does on the first page. Asserted is what is drawn, not only that elements exist.
import { beSignedIn, drawn, expect, faultsOf, jump, openMap, rendered, test, type MapElement } from './server'

test('a supervisor sees cells, facilities and households of the own area', async ({ page, server }) => {
  await openMap(page, server)
  const me = await (await page.request.get('/api/me')).json()
  await expect(page.locator('.area')).toContainText(me.home.name_zh)

  const canvas = await page.evaluate(() => document.querySelector<MapElement>('.map')!.__map.getCanvas().clientHeight)
  expect(canvas).toBeGreaterThan(300)
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(5)
  for (const cell of await rendered(page, 'cell-fill', 'code')) expect(String(cell.code)).toMatch(/^\d{15}$/)

  await expect.poll(async () => (await rendered(page, 'facility', 'id')).length).toBeGreaterThan(0)
  const facilities = await rendered(page, 'facility', 'id')
  for (const facility of facilities) expect(['F08', 'F12', 'F20']).toContain(facility.kind)

  // many colours, so the map is not blank
  await expect.poll(() => page.evaluate(() => new Promise<number>((done) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    map.once('render', () => {
      const source = map.getCanvas()
      const pen = new OffscreenCanvas(source.width, source.height).getContext('2d')!
      pen.drawImage(source, 0, 0)
      done(new Set(new Uint32Array(pen.getImageData(0, 0, source.width, source.height).data.buffer)).size)
    })
    map.triggerRepaint()
  }))).toBeGreaterThan(200)

  // the classes of the legend hold every cell of the area, once
  const countsShown = () => page.locator('.legend .number').evaluateAll((all) => all.map((n) => parseInt(n.textContent!.replace(',', ''))))
  await expect.poll(async () => (await countsShown()).reduce((a, b) => a + b, 0)).toBe(me.totals.cells)
  const counts = await countsShown()
  expect(new Set(await page.locator('.legend .swatch').evaluateAll((all) => all.map((s) => getComputedStyle(s).backgroundColor))).size).toBe(counts.length)

  // households only near enough
  expect(await rendered(page, 'household', 'household_count')).toEqual([])
  const place = (await (await page.request.get('/api/facilities?kind=F08&limit=1')).json()).features[0]
  await jump(page, place.geometry.coordinates, 15.5)
  await expect.poll(async () => (await rendered(page, 'household', 'household_count')).length).toBeGreaterThan(0)
})

test('a click explains a cell, the address keeps it, and Esc closes it', async ({ page, server }) => {
  await openMap(page, server)
  const place = (await (await page.request.get('/api/facilities?limit=1')).json()).features[0]
  const code: string = place.properties.cell_code
  await page.locator('.search input').fill(code)
  await expect(page.getByRole('option').first()).toContainText(place.properties.cell_code.slice(-3))
  await page.keyboard.press('Enter')
  const summary = await (await page.request.get(`/api/cells/${code}/summary`)).json()
  const card = page.locator('.cell.card')
  await expect(card.getByRole('heading', { level: 2 })).toHaveText(summary.name)
  await expect(card.locator('.facts dd').first()).toHaveText(summary.household_count.toLocaleString('en-US'))
  await expect(card).toContainText(summary.township.name_zh)
  await expect(page).toHaveURL(new RegExp(`cell=${code}`))

  await page.reload()
  await drawn(page)
  await expect(card.getByRole('heading', { level: 2 })).toHaveText(summary.name)
  await expect.poll(() => page.evaluate((code) => document.querySelector<MapElement>('.map')!.__map
    .getFeatureState({ source: 'places', sourceLayer: 'cells', id: code }).selected, code)).toBe(true)
  await page.locator('.cell.card .close').focus()
  await page.keyboard.press('Escape')
  await expect(card).toHaveCount(0)
})

test('a click on the map picks the cell under it', async ({ page, server }) => {
  await openMap(page, server)
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(5)
  const target = await page.evaluate(() => {
    const map = document.querySelector<MapElement>('.map')!.__map
    const { clientWidth: w, clientHeight: h } = map.getCanvas()
    for (let k = 0; k < 40; k++) {
      const point: [number, number] = [w * (0.4 + (k % 8) * 0.02), h * (0.25 + Math.floor(k / 8) * 0.06)]
      // where no sign stands near, so that the click surely meets a cell
      const near: [[number, number], [number, number]] = [[point[0] - 12, point[1] - 12], [point[0] + 12, point[1] + 12]]
      const signs = ['facility', 'facility-bin', 'incident', 'incident-bin', 'household'].filter((id) => map.getLayer(id))
      const hit = map.queryRenderedFeatures(near, { layers: signs }).length ? undefined : map.queryRenderedFeatures(point, { layers: ['cell-fill'] })[0]
      const box = map.getCanvas().getBoundingClientRect()
      if (hit) return { x: box.x + point[0], y: box.y + point[1], name: String(hit.properties.name) }
    }
    return null
  })
  expect(target).not.toBeNull()
  await page.mouse.click(target!.x, target!.y)
  await expect(page.locator('.cell.card h2')).toHaveText(target!.name)
  await expect(page.locator('[aria-live=polite]')).toContainText(target!.name)
})

test('a facility that is moved over the API moves on the open map', async ({ page, server }) => {
  await openMap(page, server)
  const { id, properties, geometry } = (await (await page.request.get('/api/facilities?kind=F08&limit=1')).json()).features[0]
  await jump(page, geometry.coordinates, 14)
  const placeOf = () => page.evaluate((id) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    const found = map.getLayer('facility') ? map.queryRenderedFeatures({ layers: ['facility'] }).find((f) => String(f.properties.id) === id) : undefined
    return found ? (found.geometry as unknown as { coordinates: [number, number] }).coordinates : null
  }, properties.id ?? id)
  await expect.poll(placeOf).not.toBeNull()
  const before = (await placeOf())!

  const url = `/api/facilities/${properties.id ?? id}`
  const etag = (await page.request.get(url)).headers().etag!
  const moved = [geometry.coordinates[0] + 0.002, geometry.coordinates[1] + 0.001]
  const answer = await page.request.patch(url, {
    headers: { 'if-match': etag, origin: server.address }, data: { geometry: { type: 'Point', coordinates: moved } },
  })
  expect(answer.ok(), await answer.text()).toBe(true)
  await expect.poll(async () => Math.round(((await placeOf())?.[0] ?? 0) * 2000)).toBe(Math.round(moved[0]! * 2000))
  expect((await placeOf())![0]).toBeGreaterThan(before[0] + 0.001)
})

test('ticking a kind draws it, unticking takes it away', async ({ page, server }) => {
  await openMap(page, server)
  const box = page.getByRole('checkbox', { name: /人民调解室/ })
  await expect(box).toBeChecked()
  await page.locator('.kind label', { hasText: '人民调解室' }).click()
  await expect.poll(async () => (await rendered(page, 'facility', 'id')).filter((f) => f.kind === 'F08').length).toBe(0)
  await page.locator('.kind label', { hasText: '人民调解室' }).click()
  await expect.poll(async () => (await rendered(page, 'facility', 'id')).filter((f) => f.kind === 'F08').length).toBeGreaterThan(0)
})

test('the list of cells leads to each cell without a pointer', async ({ page, server }) => {
  await openMap(page, server)
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(5)
  await page.getByRole('button', { name: '网格列表' }).press('Enter')
  const rows = page.locator('.table tbody tr')
  await expect(rows).toHaveCount((await rendered(page, 'cell-fill', 'code')).length)
  const name = (await rows.first().getByRole('button').textContent())!
  await rows.first().getByRole('button').press('Enter')
  await expect(page).toHaveURL(/cell=/)
  await page.keyboard.press('Escape')
  await expect(page.locator('.cell.card h2')).toHaveText(name)
})

test('language and theme change at once and stay', async ({ page, server }) => {
  await openMap(page, server)
  const land = () => page.evaluate(() => document.querySelector<MapElement>('.map')!.__map.getPaintProperty('outside', 'background-color'))
  await expect.poll(land).toBe('#eceae4')
  await page.getByRole('button', { name: '改用深色' }).click()
  await expect.poll(land).toBe('#11161b')
  await page.getByRole('button', { name: '改用英文' }).click()
  await expect(page.getByRole('heading', { name: 'Layers' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  await expect(page).toHaveURL(/theme=dark.*lang=en/)
  await expect.poll(async () => (await page.locator('.panel, .legend').allInnerTexts()).join('')).not.toMatch(/[\u4e00-\u9fff]/)
  await page.reload()
  await drawn(page)
  await expect(page.getByRole('heading', { name: 'Layers' })).toBeVisible()
  await expect.poll(land).toBe('#11161b')
})

test.describe('by WCAG 2.2 AA nothing is wrong', () => {
  test.use({ bypassCSP: true })
  for (const theme of ['light', 'dark'] as const) {
    test(`on sign-in, map, card and table, ${theme}`, async ({ page, server }) => {
      await page.goto(`/sign-in?theme=${theme}`)
      await page.locator('button[type=submit]').waitFor()
      expect(await faultsOf(page)).toEqual([])
      await beSignedIn(page, server)
      const place = (await (await page.request.get('/api/facilities?limit=1')).json()).features[0]
      await page.goto(`/map?cell=${place.properties.cell_code}&theme=${theme}`)
      await page.locator('.cell.card h2').waitFor()
      await drawn(page)
      expect(await faultsOf(page)).toEqual([])
      await page.getByRole('button', { name: '网格列表' }).click()
      await page.locator('.table').waitFor()
      expect(await faultsOf(page)).toEqual([])
    })
  }
})
