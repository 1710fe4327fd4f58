// What the first view of the map costs on the county demonstration: tiles and data packed, at most 400 KiB.
import { beSignedIn, drawn, expect, start, test as base, type Server } from './server'

const MOST = 400 * 1024
const START_MS = 600_000

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const { server, stop } = await start(['--demo', 'county'], START_MS)
      await use(server)
      await stop()
    },
    { scope: 'worker', timeout: START_MS + 10_000 },
  ],
})

for (const role of ['centre', 'official']) {
  test(`tiles and data of the first view of a ${role} are within their budget`, async ({ page, server }) => {
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    const asked = new Map<string, string>()
    const sizes = new Map<string, number>()
    /** Of that, what was asked for and not yet answered in full; the stream of changes never is. */
    const open = new Set<string>()
    network.on('Network.requestWillBeSent', ({ requestId, request }) => {
      const path = new URL(request.url).pathname
      if (/^\/(api|tiles)\//.test(path) && path !== '/api/events') open.add(requestId)
    })
    network.on('Network.loadingFailed', ({ requestId }) => open.delete(requestId))
    network.on('Network.responseReceived', ({ requestId, response }) => asked.set(requestId, new URL(response.url).pathname))
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      open.delete(requestId)
      const path = asked.get(requestId)
      if (path && /^\/(api|tiles)\//.test(path)) sizes.set(`${requestId} ${path}`, encodedDataLength)
    })
    await beSignedIn(page, server, role)
    await page.goto('/map')
    await drawn(page)
    // what the page still asks for once the map is idle, and what it draws of the answers
    await expect.poll(() => open.size).toBe(0)
    await drawn(page)
    await expect.poll(() => open.size).toBe(0)
    const sum = [...sizes.values()].reduce((a, b) => a + b, 0)
    const list = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 8).map(([path, size]) => `${path.split(' ')[1]} ${size}`)
    test.info().annotations.push({ type: 'budget', description: `${role}: ${sizes.size} answers, ${(sum / 1024).toFixed(1)} KiB; ${list.join(', ')}` })
    expect([...sizes.keys()].some((path) => path.includes('/tiles/'))).toBe(true)
    expect(sum, list.join('\n')).toBeLessThanOrEqual(MOST)
  })
}
