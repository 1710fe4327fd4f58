// Two people at two browsers: what one changes the other sees, without a reload and without asking for everything again.
import type { APIRequestContext, Browser, Page } from '@playwright/test'
import { expect, jump, OFFLINE, openMap, test, type MapElement, type Server } from './server'

interface Facility { id: string; at: [number, number]; code: string }

/** Somebody else, at a browser of their own. */
async function colleague(browser: Browser, server: Server): Promise<APIRequestContext> {
  const context = await browser.newContext({ baseURL: server.address })
  const { account, password } = server.accounts.find(({ role }) => role === 'centre')!
  const page = await context.newPage()
  await page.goto('/sign-in')
  const answer = await page.request.post('/api/session', { data: { account, password } })
  expect(answer.ok(), await answer.text()).toBe(true)
  return page.request
}

async function facility(request: APIRequestContext, index: number): Promise<Facility> {
  const { id, properties, geometry } = (await (await request.get('/api/facilities?kind=F08&limit=10')).json()).features[index]
  return { id: properties.id ?? id, at: geometry.coordinates, code: properties.cell_code }
}

async function move(request: APIRequestContext, server: Server, { id }: Facility, to: [number, number]) {
  const url = `/api/facilities/${id}`
  const etag = (await request.get(url)).headers().etag!
  const answer = await request.patch(url, { headers: { 'if-match': etag, origin: server.address }, data: { geometry: { type: 'Point', coordinates: to } } })
  expect(answer.ok(), await answer.text()).toBe(true)
}

const drawnAt = (page: Page, id: string) => page.evaluate((id) => {
  const map = document.querySelector<MapElement>('.map')!.__map
  const found = map.getLayer('facility') ? map.queryRenderedFeatures({ layers: ['facility'] }).find((f) => String(f.properties.id) === id) : undefined
  return found ? (found.geometry as unknown as { coordinates: [number, number] }).coordinates[0] : null
}, id)

/** Waits until the page holds a stream: until the server has answered, which it does once it listens. */
const followed = (page: Page) => page.waitForResponse((answer) => new URL(answer.url()).pathname === '/api/events' && answer.ok())

test('an edit of another browser appears at once, and only the tiles it touches are asked for again', async ({ page, browser, server }) => {
  const stream = followed(page)
  await openMap(page, server)
  await stream
  const other = await colleague(browser, server)
  const one = await facility(other, 0)
  await jump(page, one.at, 16)
  await expect.poll(() => drawnAt(page, one.id)).not.toBeNull()
  await page.evaluate(() => ((window as unknown as { stayed: boolean }).stayed = true))

  // a step of some 30 m, so that cell and counts stay
  const step = 0.0003
  const asked: string[] = []
  page.on('request', (request) => {
    const path = new URL(request.url()).pathname
    if (/^\/tiles\/.*\/16\//.test(path)) asked.push(path)
  })
  const began = Date.now()
  await move(other, server, one, [one.at[0] + step, one.at[1]])
  await expect.poll(() => drawnAt(page, one.id), { intervals: [100] }).toBeGreaterThan(one.at[0] + step / 2)
  console.log(`shown after ${Date.now() - began} ms; asked again for ${asked.length} tiles`)
  expect(await page.evaluate(() => (window as unknown as { stayed?: boolean }).stayed)).toBe(true)

  const inView = await page.evaluate(() => {
    const map = document.querySelector<MapElement>('.map')!.__map
    const { width, height } = map.getCanvas().getBoundingClientRect()
    return Math.ceil(width / 512) * Math.ceil(height / 512)
  })
  expect(inView).toBeGreaterThan(3)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.length, asked.join(' ')).toBeLessThan(inView)
  for (const path of asked) expect(path).toMatch(/^\/tiles\/facilities\//)
})

test('what was touched out of view is asked for when it comes into view', async ({ page, browser, server }) => {
  const stream = followed(page)
  await openMap(page, server)
  await stream
  const other = await colleague(browser, server)
  const one = await facility(other, 1)
  await jump(page, one.at, 16)
  await expect.poll(() => drawnAt(page, one.id)).not.toBeNull()
  const step = 0.0003
  await jump(page, [one.at[0] + 0.05, one.at[1]], 16)
  const told = page.waitForRequest((request) => request.url().endsWith('/api/me'))
  await move(other, server, one, [one.at[0] + step, one.at[1]])
  await told
  await jump(page, one.at, 16)
  await expect.poll(() => drawnAt(page, one.id), { intervals: [100] }).toBeGreaterThan(one.at[0] + step / 2)
})

for (const { lang, away, back } of [
  { lang: 'zh-CN', away: '连不上服务器', back: '已恢复连接' },
  { lang: 'en', away: 'Cannot reach the server', back: 'Connected again' },
]) {
  test(`a lost connection says so, and what was changed meanwhile is there when it is back (${lang})`, async ({ page, context, browser, server, troubles }) => {
    troubles.expect(OFFLINE)
    const stream = followed(page)
    await openMap(page, server, `/map?lang=${lang}`)
    await stream
    const other = await colleague(browser, server)
    const one = await facility(other, lang === 'en' ? 2 : 3)
    await jump(page, one.at, 16)
    await expect.poll(() => drawnAt(page, one.id)).not.toBeNull()
    await context.setOffline(true)
    await expect(page.getByText(away)).toBeVisible()
    await move(other, server, one, [one.at[0] + 0.0003, one.at[1]])
    await context.setOffline(false)
    await expect(page.getByText(back)).toBeVisible()
    await expect.poll(() => drawnAt(page, one.id)).toBeGreaterThan(one.at[0] + 0.00015)
    // and it follows again
    await move(other, server, one, one.at)
    await expect.poll(() => drawnAt(page, one.id)).toBeLessThan(one.at[0] + 0.00015)
  })
}

test('who signs out elsewhere in the same browser is signed out here at once', async ({ page, server, troubles }) => {
  troubles.expect(/401/)
  const stream = followed(page)
  await openMap(page, server)
  await stream
  const answer = await page.request.delete('/api/session', { headers: { origin: server.address } })
  expect(answer.ok()).toBe(true)
  await expect(page).toHaveURL(/\/sign-in/)
})
