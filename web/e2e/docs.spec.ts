// The page that explains the interface: for whoever is signed in, from this server alone.
import { beSignedIn, expect, faultsOf, test } from './server'

test('a stranger is led to the sign-in and back to the page of the interface', async ({ page, server }) => {
  await page.goto('/api/docs')
  await expect(page).toHaveURL(/\/sign-in\?next=\/api\/docs/)
  const who = server.accounts.find(({ role }) => role === 'centre')!
  await page.locator('input[autocomplete=username]').fill(who.account)
  await page.locator('input[autocomplete=current-password]').fill(who.password)
  await page.locator('button[type=submit]').click()
  await expect(page).toHaveURL(/\/api\/docs/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('接口说明')
})

test('every operation is listed, found and asked for real', async ({ page, server }) => {
  await beSignedIn(page, server)
  await page.goto('/api/docs')
  const described = await (await page.request.get('/openapi.json')).json()
  const count = Object.values<object>(described.paths).flatMap((path) => Object.keys(path)).length
  await expect(page.locator('.one')).toHaveCount(count)

  await page.getByRole('searchbox').fill('get /api/facilities/{id}')
  await expect(page.locator('.one')).toHaveCount(1)
  await page.locator('.one summary').first().click()
  await expect(page).toHaveURL(/#find_facility$/)
  await expect(page.getByRole('table').first()).toContainText('id')
  await expect(page.locator('.curl')).toContainText('Authorization: Bearer')
  const id = (await (await page.request.get('/api/facilities?limit=1')).json()).features[0].id
  await page.locator('.ask input').first().fill(String(id))
  await page.getByRole('button', { name: '发送 GET' }).click()
  await expect(page.locator('.answer b')).toHaveText('200')
  await expect(page.locator('.answer pre')).toContainText('"Feature"')
  await page.locator('.types summary').click()
  await expect(page.locator('.types')).toContainText('FacilityProperties')
})

test('a refusal is shown as the answer it is, in English too', async ({ page, server, troubles }) => {
  troubles.expect(/404/)
  await beSignedIn(page, server)
  await page.goto('/api/docs?lang=en#find_cell')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Interface')
  await page.locator('#find_cell .ask input').first().fill('990000000000001')
  await page.getByRole('button', { name: 'Send GET' }).click()
  await expect(page.locator('.answer b')).toHaveText('404')
  await expect(page.locator('.answer pre')).toContainText('/problems/not-found')
})

test.describe('by WCAG 2.2 AA nothing is wrong', () => {
  test.use({ bypassCSP: true })
  for (const theme of ['light', 'dark']) {
    test(`on the page of the interface, ${theme}`, async ({ page, server }) => {
      await beSignedIn(page, server)
      await page.goto(`/api/docs?theme=${theme}#list_audit`)
      await page.locator('#list_audit .ask').waitFor()
      expect(await faultsOf(page)).toEqual([])
    })
  }
})
