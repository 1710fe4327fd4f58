// A real city from files, by the commands of the README, into an empty system: San Francisco, 579 cells, 13,472 cases of 2012.
import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { BIN, drawn, expect, faultsOf, openMap, rendered, start, test as base, type Account, type Server } from './server'

const FILES = resolve(process.env.MAPLEBRIDGE_SHARED ?? '../../shared', 'data/sf')
const AREA = '990201001001'
const run = promisify(execFile)

/** The accounts that the command line makes, each with a password of its own in place of the one-time one. */
async function account(data: string, server: string, role: string): Promise<Account> {
  const { stdout } = await run(BIN, ['user', 'add', `sf-${role}`, '--grant', `${role}:${AREA}`, '--name-zh', '旧金山', '--name-en', 'San Francisco', '--data-dir', data, '--ephemeral'])
  const once = /[a-z0-9]{4}(-[a-z0-9]{4}){3}/.exec(stdout)![0]
  const password = `Bridge-${role}-2012`
  const headers = { 'content-type': 'application/json', origin: server }
  const signed = await fetch(`${server}/api/session`, { method: 'POST', headers, body: JSON.stringify({ account: `sf-${role}`, password: once }) })
  const cookie = signed.headers.get('set-cookie')!.split(';')[0]!
  const changed = await fetch(`${server}/api/session/password`, { method: 'PUT', headers: { ...headers, cookie }, body: JSON.stringify({ current: once, new: password }) })
  if (!changed.ok) throw new Error(await changed.text())
  return { role, account: `sf-${role}`, password }
}

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const { server, data, stop } = await start([])
      const bring = (words: string[]) => run(BIN, ['import', ...words, '--data-dir', data, '--ephemeral', '--lang', 'en'])
      const map = join(data, 'map.json')
      writeFileSync(map, JSON.stringify({ constants: { source: 'police' }, values: { category: { 'VEHICLE THEFT': '06', '*': '99' } } }))
      await bring(['cells', join(FILES, 'sf_blockgroups.geojson'), '--columns', 'name=GEO_ID', '--under', AREA, '--make-under', 'San Francisco'])
      await bring(['incidents', join(FILES, 'sf_incidents.csv.gz'), '--crs', 'WGS84', '--map', map, '--under', AREA])
      const accounts: Account[] = []
      for (const role of ['supervisor', 'official']) accounts.push(await account(data, server.address, role))
      await use({ ...server, accounts })
      await stop()
    },
    { scope: 'worker', timeout: 600_000 },
  ],
})
test.skip(!existsSync(FILES), 'skipped: the shared development data is absent')

const states = (page: Page) => page.evaluate(() => {
  const map = document.querySelector<HTMLElement & { __map: import('maplibre-gl').Map }>('.map')!.__map
  return (map.getLayer('cell-fill') ? map.queryRenderedFeatures({ layers: ['cell-fill'] }) : []).map((f) => f.state.k as number | undefined)
})

test('the whole city is in the frame, its cells are coloured, and its list says how many there are', async ({ page, server }) => {
  await openMap(page, server)
  await expect(page.locator('.area')).toContainText('San Francisco')
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(1)
  const land = await page.evaluate(() => {
    const map = document.querySelector<HTMLElement & { __map: import('maplibre-gl').Map }>('.map')!.__map
    const { clientWidth: w, clientHeight: h } = map.getCanvas()
    const box = map.queryRenderedFeatures([[w * 0.2, h * 0.2], [w * 0.8, h * 0.8]], { layers: ['cell-fill'] })
    return { cells: box.length, zoom: map.getZoom() }
  })
  expect(land.cells).toBeGreaterThan(0)
  expect(land.zoom).toBeGreaterThan(10)
  await page.getByRole('button', { name: '打开列表' }).click()
  await page.getByRole('button', { name: '网格', exact: true }).click()
  await expect(page.locator('.lists .sum')).toContainText('579 个网格')
  const name = (await page.locator('.virtual .row').first().locator('[role=gridcell]').first().innerText()).trim()
  await page.locator('.virtual .row').first().click()
  await expect(page.locator('.cell.card h2')).toHaveText(name)
})

test('a theme shows the year that has cases, and the list reads on to its end', async ({ page, server }) => {
  await openMap(page, server, '/map?by=cases&lang=zh')
  await expect(page).toHaveURL(/from=2012-01-02.*to=2012-12-31/)
  await expect.poll(async () => (await states(page)).filter((k) => k !== undefined && k >= 0).length).toBeGreaterThan(3)
  await page.goto('/map?list=incidents&points=1&from=2012-07-01&to=2012-12-31')
  await drawn(page)
  await expect(page.locator('.lists .sum')).toContainText('已列 5,000 条')
  await page.locator('.lists .on-link').click()
  await expect(page.locator('.lists .sum')).toContainText('13,472 件')
})

test('an official sees the city by density and no case, and is told that nothing is published yet', async ({ page, server }) => {
  await openMap(page, server, '/map', 'official')
  await expect(page.getByText('纠纷点位')).toHaveCount(0)
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(1)
  await page.goto('/map?by=rate&from=2012-07-01&to=2012-12-31')
  await drawn(page)
  await expect.poll(async () => (await states(page)).filter((k) => k !== undefined && k >= 0).length).toBe(0)
  await page.goto('/map?list=cells')
  await drawn(page)
  await expect(page.locator('.lists .sum')).toContainText('579 个网格')
})

test.describe('WCAG', () => {
  test.use({ bypassCSP: true })
  test('nothing is wrong by WCAG 2.2 AA on its map', async ({ page, server }) => {
    await openMap(page, server, '/map?by=cases&from=2012-07-01&to=2012-12-31')
    expect(await faultsOf(page)).toEqual([])
  })
})
