// The auditor reads what others did and looked at, and so does nobody else.
import { expect, faultsOf, test, type Server } from './server'
import type { Page } from '@playwright/test'

async function signIn(page: Page, server: Server, role: string) {
  const { account, password } = server.accounts.find((it) => it.role === role)!
  const answer = await page.request.post('/api/session', { data: { account, password } })
  expect(answer.ok(), await answer.text()).toBe(true)
  await page.addInitScript(() => localStorage.setItem('maplebridge.session', '1'))
}

test('an auditor begins at the trail, finds who listed incidents, and sees it sealed', async ({ page, browser, server }) => {
  const other = await browser.newPage({ baseURL: server.address })
  await signIn(other, server, 'centre')
  expect((await other.request.get('/api/incidents?category=02&limit=3')).ok()).toBe(true)

  await signIn(page, server, 'auditor')
  await page.goto('/map')
  await expect(page).toHaveURL(/\/audit$/)
  await page.getByRole('textbox', { name: '账号' }).fill('demo-centre')
  await page.getByRole('combobox', { name: '动作' }).selectOption('incident.')
  const row = page.locator('tbody tr').first()
  await expect(async () => {
    await page.getByRole('button', { name: '查询' }).click()
    await expect(row).toContainText('查阅纠纷列表', { timeout: 1_000 })
  }).toPass()
  await expect(row).toContainText('category: 02')
  await expect(page.locator('tbody tr').filter({ hasNotText: 'demo-centre' })).toHaveCount(0)
  await expect(async () => {
    await page.getByRole('button', { name: '查询' }).click()
    await expect(page.locator('tbody tr').first()).toContainText('已封存', { timeout: 1000 })
  }).toPass()
  // and the looking is there too
  await page.getByRole('textbox', { name: '账号' }).fill('')
  await page.getByRole('combobox', { name: '动作' }).selectOption('audit.')
  await expect(async () => {
    await page.getByRole('button', { name: '查询' }).click()
    await expect(page.locator('tbody tr').first()).toContainText('查阅审计', { timeout: 1_000 })
  }).toPass()
})

test('nobody else sees the trail', async ({ page, server }) => {
  for (const role of ['system', 'security', 'centre']) {
    await signIn(page, server, role)
    expect((await page.request.get('/api/audit')).status()).toBe(403)
  }
  await page.goto('/audit')
  await expect(page.getByText('只有审计员能看审计记录')).toBeVisible()
})

test.describe('by WCAG 2.2 AA nothing is wrong', () => {
  test.use({ bypassCSP: true })
  for (const theme of ['light', 'dark']) {
    test(`on the trail, ${theme}`, async ({ page, server }) => {
      await signIn(page, server, 'auditor')
      await page.goto(`/audit?theme=${theme}`)
      await page.locator('tbody tr').first().waitFor()
      expect(await faultsOf(page)).toEqual([])
    })
  }
})
