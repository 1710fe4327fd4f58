// Disputes: what is asked is what is drawn, what the legend says is what the server says, and nobody is told more than they may be.
import { beSignedIn, drawn, expect, faultsOf, openMap, PHONE, test, type MapElement } from './server'
import type { Page } from '@playwright/test'

/** The class of each place as the map shows it: of its tile, or as a later answer has it. */
const classesDrawn = (page: Page) => page.evaluate(() => {
  const map = document.querySelector<MapElement>('.map')!.__map
  const found = map.getLayer('analysis-fill') ? map.queryRenderedFeatures({ layers: ['analysis-fill'] }) : []
  return Object.fromEntries(found.map((f) => [String(f.properties.code), String(f.state.k ?? f.properties.class)]))
})
const answer = async (page: Page, name: string, params: object) => {
  let result = await (await page.request.post(`/api/analyses/${name}`, { data: params })).json()
  await expect.poll(async () => (result = (await (await page.request.get(`/api/analyses/${name}/results/${result.id}?limit=1`)).json()).result).state).toBe('done')
  const { items } = await (await page.request.get(`/api/analyses/${name}/results/${result.id}?limit=1000`)).json()
  return { result, rows: items as { code: string; class: string }[] }
}
/** Rows of the legend: words and number. */
const legendRows = (page: Page) => page.locator('.legend .classes li').evaluateAll((all) => all.map((row) => [row.querySelector('.words')?.textContent, Number(row.querySelector('.number')?.textContent.replace(',', ''))]))
const agree = async (page: Page, told: Awaited<ReturnType<typeof answer>>) => {
  await expect.poll(() => legendRows(page)).toEqual(told.result.legend.classes.map((it: { label_zh: string; count: number }) => [it.label_zh, it.count]))
  await expect(page.locator('.legend .sentence')).toHaveText(told.result.legend.sentence_zh)
  await expect.poll(() => classesDrawn(page)).toEqual(Object.fromEntries(told.rows.map((row) => [row.code, row.class])))
}

test('a kind and a month are chosen: the classes drawn and the legend are the answer of the server', async ({ page, server }) => {
  await openMap(page, server, '/disputes', 'centre')
  await agree(page, await answer(page, 'hot_spots', { within: '990321', from: await fromOf(page), to: await toOf(page) }))
  await page.locator('.bar .category .pick').click()
  await page.locator('.bar .category label', { hasText: '邻里' }).click()
  await page.keyboard.press('Escape')
  await expect(page).toHaveURL(/category=02/)
  const month = await page.locator('.bar .period option').nth(4).getAttribute('value')
  await page.locator('.bar .period select').selectOption(month!)
  await expect(page).toHaveURL(new RegExp(`from=${month}-01`))
  const params = { within: '990321', category: ['02'], from: `${month}-01`, to: await toOf(page) }
  await agree(page, await answer(page, 'hot_spots', params))
  for (const [words, name] of [['纠纷率', 'rates'], ['聚集', 'scan']] as const) {
    if (name === 'scan') await page.locator('.bar .period select').selectOption('year')
    await page.locator('.bar .seg label', { hasText: words }).click()
    await expect(page).toHaveURL(new RegExp(`show=${name}`))
    const asked = name === 'scan' ? { within: '990321', category: ['02'], from: await fromOf(page), to: await toOf(page) } : params
    await agree(page, await answer(page, name, asked))
  }
  // by village: other places, other tiles
  await page.locator('.bar .seg label', { hasText: '冷热点' }).click()
  await page.locator('.bar .field select').last().selectOption('village')
  await expect(page).toHaveURL(/level=village/)
  await agree(page, await answer(page, 'hot_spots', { within: '990321', level: 'village', category: ['02'], from: await fromOf(page), to: await toOf(page) }))
})
/** The server looks for warnings as it begins; who asks meanwhile waits for the end. */
async function warningsOf(page: Page): Promise<{ key: string }[]> {
  await expect.poll(async () => (await page.request.post('/api/warnings/run')).status(), { timeout: 120_000 }).toBe(200)
  return (await (await page.request.get('/api/warnings?limit=1')).json()).items
}
const fromOf = async (page: Page) => new URL(page.url()).searchParams.get('from') ?? (await answer(page, 'rates', { within: '990321' })).result.params.from
const toOf = async (page: Page) => new URL(page.url()).searchParams.get('to') ?? (await answer(page, 'rates', { within: '990321' })).result.params.to

test('a place is chosen by keyboard from the table: its rate, its weeks, its kinds and channels', async ({ page, server }) => {
  await openMap(page, server, '/disputes?show=rates', 'centre')
  await page.locator('.bar').getByRole('button', { name: '表格' }).press('Enter')
  const row = page.locator('.places tbody tr').first()
  const name = await row.locator('button').innerText()
  await row.locator('button').press('Enter')
  await expect(page).toHaveURL(/place=\d{15}/)
  const panel = page.locator('.panel.right')
  await expect(panel.locator('h2')).toHaveText(name)
  await expect(panel.locator('.rates > div')).toHaveCount(4)
  await expect(panel).toContainText(/预期 [\d.]+ 件，实有 \d+ 件/)
  for (const chart of ['.alarm rect', '.funnel circle', '.mix .bar', '.stack i', '.clocks tbody tr']) await expect.poll(() => panel.locator(chart).count(), chart).toBeGreaterThan(1)
  await expect(panel).toContainText(/主动发现 \d+%，全域 \d+%/)
  await expect(panel.locator('.way')).toHaveText(/\d/)
  const said = Number((await panel.locator('.way').innerText()).replace(/[^\d]/g, ''))
  await panel.locator('.way').click()
  await expect.poll(async () => Number((await page.locator('.lists .sum').innerText()).replace(/[^\d]/g, ''))).toBe(said)
})

test('the tip says the rate with its interval, and expected against seen', async ({ page, server }) => {
  await openMap(page, server, '/disputes', 'centre')
  await expect.poll(async () => Object.keys(await classesDrawn(page)).length).toBeGreaterThan(20)
  await page.locator('.panel.right .rates').waitFor()
  const box = (await page.locator('.stage .map').boundingBox())!
  let i = 0
  await expect(async () => {
    i = (i + 1) % 8
    await page.mouse.move(box.x + box.width * (0.5 + i * 0.02), box.y + box.height * 0.4)
    await expect(page.locator('.tip')).toContainText(/预期 [\d.]+ 件，实有 \d+ 件/, { timeout: 1_000 })
    await expect(page.locator('.tip')).toContainText(/95% 区间|不足 3 件/, { timeout: 1_000 })
  }).toPass()
})

test('a year plays month by month once every answer is there, and the address keeps the month', async ({ page, server }) => {
  await openMap(page, server, '/disputes', 'centre')
  await page.locator('.bar').getByRole('button', { name: '逐月' }).click()
  const slider = page.locator('.player input[type=range]')
  await slider.waitFor()
  await expect(page).toHaveURL(/frame=\d{4}-\d{2}/)
  const last = page.url()
  await slider.press('ArrowLeft')
  await expect(page).not.toHaveURL(last)
  const month = new URL(page.url()).searchParams.get('frame')!
  await expect(page.locator('.player .said')).toContainText(`${Number(month.slice(5))}月止的三个月`)
  await expect(page.locator('.legend .sentence')).toContainText(`至 ${month}`)
  await page.getByRole('button', { name: '结束逐月' }).click()
  await expect(page.locator('.player')).toHaveCount(0)
})

test('with less motion the months step only by hand', async ({ browser, server }) => {
  const context = await browser.newContext({ baseURL: server.address, locale: 'zh-CN', reducedMotion: 'reduce' })
  const page = await context.newPage()
  await openMap(page, server, '/disputes', 'centre')
  await page.locator('.bar').getByRole('button', { name: '逐月' }).click()
  await page.locator('.player input[type=range]').waitFor()
  await expect(page.locator('.player').getByRole('button', { name: '播放' })).toHaveCount(0)
  await page.locator('.player').getByRole('button', { name: '上一月' }).click()
  await expect(page).toHaveURL(/frame=/)
  await context.close()
})

test('a warning is opened from Today, the map shows its cells alone, and it is acknowledged', async ({ page, server }) => {
  await beSignedIn(page, server, 'centre')
  await warningsOf(page)
  await page.goto('/today')
  const said = page.locator('.strip .warnings')
  await expect(said.locator('b')).toHaveText(/\d+/)
  const open = Number(await said.locator('b').innerText())
  await said.click()
  await expect(page).toHaveURL(/\/disputes\?.*show=warnings/)
  await expect(page.locator('.panel.right .head .sub')).toContainText(`待处置 ${open} 条`)
  await page.locator('.panel.right select').selectOption({ label: '纠纷聚集' })
  const row = page.locator('.panel.right .row').first()
  const key = await row.getAttribute('data-key')
  await row.click()
  await expect(page).toHaveURL(new RegExp(`warning=${key}`))
  const warning = await (await page.request.get(`/api/warnings/${key}`)).json()
  const card = page.locator('.warning')
  await expect(card).toContainText(warning.sentence_zh)
  await drawn(page)
  const lit = async () => Object.entries(await classesDrawn(page)).filter(([, name]) => name.startsWith('level_')).map(([code]) => code).sort()
  await expect.poll(lit).toEqual([...warning.subject.cells].sort())
  // a decision without a reason is held back beside its field
  await card.getByRole('button', { name: '标为误报' }).click()
  await card.locator('form button[type=submit]').click()
  await expect(card.locator('.trouble')).toHaveText('写明理由')
  await card.getByRole('button', { name: '取消' }).click()
  await card.getByRole('button', { name: '确认', exact: true }).click()
  await expect(card.locator('.state')).toContainText('已确认')
  await expect(card.locator('.history li')).toHaveCount(2)
  expect((await (await page.request.get(`/api/warnings/${key}`)).json()).state).toBe('acknowledged')
  await card.getByRole('button', { name: '回到预警列表' }).click()
  await expect(page.locator('.panel.right .head .sub')).toContainText(`待处置 ${open - 1} 条`)
})

test('the brief is one page of A4, by its own address', async ({ page, server }) => {
  await openMap(page, server, '/disputes?show=scan', 'centre')
  await page.getByRole('button', { name: '存为简报' }).click()
  await expect(page).toHaveURL(/brief=1/)
  await page.locator('.brief .picture img').waitFor()
  await expect(page.locator('.brief h1')).toContainText('矛盾纠纷')
  await expect(page.locator('.brief .figures > div')).toHaveCount(3)
  await expect(page.locator('.brief .legend .sentence')).toContainText('时空扫描')
  await expect(page.locator('.brief')).toContainText('不说明因果')
  const pdf = (await page.pdf({ format: 'A4', printBackground: true })).toString('latin1')
  expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  await page.keyboard.press('Escape')
  await expect(page.locator('.print-sheet')).toHaveCount(0)
})

test('who may not open single cases sees classes and published figures, and is told why', async ({ page, server }) => {
  await openMap(page, server, '/disputes?show=rates&level=village', 'official')
  await agree(page, await answer(page, 'rates', { level: 'village' }))
  await expect(page.locator('.bar .category, .bar .source')).toHaveCount(0)
  await expect(page.locator('.legend')).toContainText('按月公布数')
  await expect(page.locator('.panel.right')).toContainText('没有查看单件纠纷的权限')
  for (const chart of ['.alarm', '.funnel', '.stack', '.clocks', '.way']) await expect(page.locator(`.panel.right ${chart}`)).toHaveCount(0)
  await page.locator('.bar').getByRole('button', { name: '表格' }).click()
  // no interval, no count, no expectation in the table of places
  await expect(page.locator('.places thead th')).toHaveCount(3)
  await expect.poll(async () => (await page.locator('.places tbody td:last-child').allInnerTexts()).filter((text) => !/^(–|[\d.,]+)$/.test(text))).toEqual([])
  await expect(page.locator('.places tbody tr')).not.toHaveCount(0)
  await page.locator('.bar .seg label', { hasText: '聚集' }).click()
  await expect(page.locator('.middle')).toContainText('要有查看单件纠纷的权限')
})

test('data that moved makes the answer old: the page says so and asks anew on demand', async ({ page, server }) => {
  await openMap(page, server, '/disputes', 'centre')
  await expect.poll(async () => Object.keys(await classesDrawn(page)).length).toBeGreaterThan(20)
  const cell = (await (await page.request.get('/api/cells?limit=1')).json()).features[0]
  const today = (await answer(page, 'rates', { within: '990321' })).result.params.to
  const at = await page.evaluate(() => document.querySelector<MapElement>('.map')!.__map.getCenter().toArray())
  const made = await page.request.post('/api/incidents', {
    data: { type: 'Feature', geometry: { type: 'Point', coordinates: at }, properties: { category: '02', source: 'screening', occurred_on: today, summary: '邻里纠纷' } },
    headers: { 'content-type': 'application/geo+json' },
  })
  expect(made.ok(), `${await made.text()} ${cell.id}`).toBe(true)
  await expect(page.locator('.banner')).toContainText('数据已变动')
  await page.locator('.banner').getByRole('button', { name: '重新计算' }).click()
  await expect(page.locator('.banner')).toHaveCount(0)
  await agree(page, await answer(page, 'hot_spots', { within: '990321' }))
})

test('on a phone Disputes fits, in one hand', async ({ browser, server }) => {
  const context = await browser.newContext({ ...PHONE, baseURL: server.address, locale: 'zh-CN' })
  const page = await context.newPage()
  await openMap(page, server, '/disputes', 'centre')
  await page.locator('.sheet .handle').click()
  await page.locator('.sheet .rates').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  const small = await page.locator('.sheet button:visible, .sheet a:visible, .sheet select:visible').evaluateAll((all) =>
    all.filter((b) => !b.closest('.seg')).map((b) => ({ name: b.textContent, h: b.getBoundingClientRect().height })).filter((b) => b.h < 39.5))
  expect(small).toEqual([])
  await context.close()
})

test.describe('by WCAG 2.2 AA nothing is wrong', () => {
  test.use({ bypassCSP: true })
  for (const theme of ['light', 'dark'] as const) {
    test(`in Disputes, ${theme}`, async ({ page, server }) => {
      const look = async (where: string, ready: string) => {
        await page.goto(where)
        await page.locator(ready).first().waitFor()
        expect([where, await faultsOf(page)]).toEqual([where, []])
      }
      await beSignedIn(page, server, 'centre')
      const items = await warningsOf(page)
      await look(`/disputes?theme=${theme}`, '.panel.right .clocks')
      await look(`/disputes?theme=${theme}&show=trends&level=village`, '.legend .classes li')
      await look(`/disputes?theme=${theme}&show=clusters`, '.legend .classes li')
      await look(`/disputes?theme=${theme}&show=warnings`, '.warnings .row')
      await look(`/disputes?theme=${theme}&show=warnings&warning=${items[0]!.key}`, '.warning .history li')
      await look(`/disputes?theme=${theme}&brief=1`, '.brief .picture img')
      await beSignedIn(page, server, 'official')
      await look(`/disputes?theme=${theme}`, '.panel.right .mix')
    })
  }
})
