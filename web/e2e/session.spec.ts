// Signing in and out, and what happens when the server is away.
import { drawn, expect, OFFLINE, openMap, PHONE, rendered, test } from './server'

test('nobody sees the map without signing in, and signing in leads to where one wanted to go', async ({ page, server }) => {
  await page.goto('/map?by=households')
  await expect(page).toHaveURL(/\/sign-in/)
  const who = server.accounts[0]!
  await page.locator('input[autocomplete=username]').fill(who.account)
  await page.locator('input[autocomplete=current-password]').fill(who.password)
  await page.locator('button[type=submit]').click()
  await expect(page).toHaveURL(/\/map\?.*by=households/)
  await drawn(page)
  await expect(page.getByRole('radio', { name: '按标准' })).toBeChecked()
})

test('a wrong password is said in words and keeps the account', async ({ page, server, troubles }) => {
  troubles.expect(/401/) // the browser itself notes the refused request
  await page.goto('/sign-in')
  await page.locator('button[type=submit]').click()
  await expect(page.getByText('填写账号')).toBeVisible()
  await page.locator('input[autocomplete=username]').fill(server.accounts[0]!.account)
  await page.locator('input[autocomplete=current-password]').fill('wrong')
  await page.locator('button[type=submit]').click()
  await expect(page.getByRole('alert')).toContainText('账号或密码不对')
  await expect(page.locator('input[autocomplete=username]')).toHaveValue(server.accounts[0]!.account)
})

test('signing out ends the session', async ({ page, server }) => {
  await openMap(page, server)
  await page.locator('.user').click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  expect((await page.request.get('/api/me')).status()).toBe(401)
})

test('a lost connection is said with the time of the data, and recovers', async ({ page, context, server, troubles }) => {
  troubles.expect(OFFLINE)
  await openMap(page, server)
  await context.setOffline(true)
  await expect(page.getByText('连不上服务器')).toBeVisible()
  await expect(page.locator('.data-time')).toContainText('正在重连')
  expect((await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(0)
  await context.setOffline(false)
  await expect(page.getByText('已恢复连接')).toBeVisible()
  await expect(page.locator('.data-time')).not.toContainText('正在重连')
})

test('on a phone nothing scrolls sideways and the sheet folds', async ({ browser, server }) => {
  const context = await browser.newContext({ ...PHONE, baseURL: server.address, locale: 'zh-CN' })
  const page = await context.newPage()
  await openMap(page, server)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  await expect.poll(async () => (await rendered(page, 'cell-fill', 'code')).length).toBeGreaterThan(0)
  const sheet = page.locator('.sheet')
  const height = async () => Math.round((await sheet.boundingBox())!.height)
  await expect.poll(height).toBe(140)
  await sheet.getByRole('button', { name: '图层' }).first().click()
  await expect.poll(height).toBeGreaterThan(300)
  const small = await page.locator('button:visible').evaluateAll((all) =>
    all.filter((b) => !b.closest('.seg')).map((b) => ({ name: b.getAttribute('aria-label') ?? b.textContent, h: b.getBoundingClientRect().height })).filter((b) => b.h < 43.5))
  expect(small).toEqual([])
  await context.close()
})
