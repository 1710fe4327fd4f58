// What Disputes says while nothing is there yet, when there is nothing, too little, no answer or no connection.
import { beSignedIn, drawn, expect, OFFLINE, openMap, test, type MapElement } from './server'
import type { Page } from '@playwright/test'

const placesDrawn = (page: Page) => page.evaluate(() => {
  const map = document.querySelector<MapElement>('.map')!.__map
  return map.getLayer('analysis-fill') ? map.queryRenderedFeatures({ layers: ['analysis-fill'] }).length : 0
})

test('while the answer is on its way the panel shows where it will stand, then the answer', async ({ page, server }) => {
  let go = () => {}
  const asked = new Promise<void>((done) => (go = done))
  await page.route('**/api/analyses/**', async (route) => {
    await asked
    await route.continue()
  })
  await beSignedIn(page, server, 'centre')
  await page.goto('/disputes')
  await expect(page.locator('.panel.right .bones').first()).toBeVisible()
  await page.locator('.bar').getByRole('button', { name: '表格' }).click()
  await expect(page.locator('.places .skeleton').first()).toBeVisible()
  await expect(page.locator('.places')).not.toContainText('没有')
  go()
  await expect(page.locator('.places tbody tr').first()).toBeVisible()
  await expect(page.locator('.panel.right .funnel')).toBeVisible()
})

test('an answer that fails is told in words, and asked for again on demand', async ({ page, server, troubles }) => {
  troubles.expect(/500/)
  const refuse = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/internal', title: 'no', status: 500 }) }
  await page.route('**/api/analyses/**', (route) => route.fulfill(refuse))
  await beSignedIn(page, server, 'centre')
  await page.goto('/disputes')
  await expect(page.locator('.stage .middle')).toContainText('服务器')
  await expect(page.locator('.panel.right').getByRole('button', { name: '重试' })).toBeVisible()
  await page.unroute('**/api/analyses/**')
  // the figures beside the map may fail alone: the answer stands, and what is missing is said
  await page.route('**/api/incident-mix*', (route) => route.fulfill(refuse))
  await page.locator('.panel.right').getByRole('button', { name: '重试' }).click()
  await expect(page.locator('.stage .middle')).toHaveCount(0)
  await expect(page.locator('.panel.right')).toContainText('有些数字没有取到')
  await page.unroute('**/api/incident-mix*')
  await page.locator('.panel.right').getByRole('button', { name: '重试' }).click()
  await expect(page.locator('.panel.right .mix .bar').first()).toBeVisible()
  await expect(page.locator('.panel.right')).not.toContainText('有些数字没有取到')
})

test('a time without disputes is called empty, and too few cases are not judged', async ({ page, server }) => {
  await openMap(page, server, '/disputes?from=2001-01-01&to=2001-12-31', 'centre')
  await expect(page.locator('.stage .banner')).toContainText('所选时段没有纠纷')
  await expect(page.locator('.panel.right')).toContainText('没有可比的率')
  await expect(page.locator('.panel.right .funnel')).toHaveCount(0)
  // two days of one kind: somewhere a case perhaps, nowhere enough
  const [{ properties }] = (await (await page.request.get('/api/incidents?limit=1')).json()).features
  await page.goto(`/disputes?category=${properties.category}&from=${properties.occurred_on}&to=${properties.occurred_on}`)
  await drawn(page)
  await expect(page.locator('.legend .classes li', { hasText: '太少' }).locator('.number')).toHaveText(/[1-9]/)
  await expect(page.locator('.stage .banner')).toContainText('都太少，不作判断')
})

test('warnings say that there are none of a rule, and that they could not be read', async ({ page, server, troubles }) => {
  await beSignedIn(page, server, 'centre')
  await page.route('**/api/warnings?*', (route) => route.fulfill({ json: { items: [], page: { next: null } } }))
  await page.goto('/disputes?show=warnings')
  await expect(page.locator('.panel.right')).toContainText('没有预警')
  await page.unroute('**/api/warnings?*')
  troubles.expect(/404/)
  await page.goto('/disputes?show=warnings&warning=nothing-of-this-name')
  await expect(page.locator('.warning').getByRole('button', { name: '重试' })).toBeVisible()
})

test('without a connection the last answer stays on the map and in the panel, and it is said so', async ({ page, context, server, troubles }) => {
  troubles.expect(OFFLINE)
  await openMap(page, server, '/disputes', 'centre')
  await expect.poll(() => placesDrawn(page)).toBeGreaterThan(20)
  await page.locator('.panel.right .funnel').waitFor()
  await context.setOffline(true)
  await expect(page.getByText('连不上服务器')).toBeVisible()
  await page.locator('.bar .seg label', { hasText: '纠纷率' }).click()
  await expect(page).toHaveURL(/show=rates/)
  expect(await placesDrawn(page)).toBeGreaterThan(20)
  await expect(page.locator('.panel.right .funnel')).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('已恢复连接')).toBeVisible()
  await expect(page.locator('.legend .sentence')).not.toBeEmpty()
  await expect(page.locator('.stage .middle')).toHaveCount(0)
})
