// The page's map beside the bare page of shared/web-proof, in one browser and one run: ms from a map that is made to one
// that is idle, the same from the opening of the address, and how long our own listeners of the map take. Called from web/ where the packages lie:
//   node ../bench/web.mjs http://127.0.0.1:8080 ACCOUNT PASSWORD [rounds]
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, extname, resolve } from 'node:path'

const [address, account, password, rounds = '5'] = process.argv.slice(2)
if (!password) throw new Error('give the address of a server, an account and its password')
const require = createRequire(`${process.cwd()}/package.json`)
const { chromium } = require('@playwright/test')
const proof = resolve(process.env.MAPLEBRIDGE_SHARED ?? '../../shared', 'web-proof/webgl-proof.mjs')
const html = existsSync(proof) ? /const html = `([\s\S]*?)`\n/.exec(readFileSync(proof, 'utf8'))[1].replaceAll('\\\\', '\\') : null
const dist = resolve('node_modules/maplibre-gl/dist')
const TYPES = { '.mjs': 'text/javascript', '.css': 'text/css' }
const host = createServer((request, response) => {
  if (request.url === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(html)
  const file = `${dist}/${basename(new URL(request.url, 'http://x').pathname)}`
  if (!existsSync(file)) return response.writeHead(404).end()
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
})
await new Promise((done) => host.listen(0, '127.0.0.1', done))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run', '--disable-background-networking'],
})
const middle = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]
const ours = [], opened = [], theirs = [], listeners = {}
try {
  for (let round = 0; round < Number(rounds); round++) {
    if (html) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      page.on('pageerror', (error) => process.stderr.write(`web-proof: ${error.message}\n`))
      page.on('console', (m) => m.type() === 'error' && process.stderr.write(`web-proof: ${m.text()}\n`))
      await page.goto(`http://127.0.0.1:${host.address().port}/`)
      await page.waitForFunction(() => window.idleMs !== undefined, null, { timeout: 60_000 })
      theirs.push(await page.evaluate(() => window.idleMs))
      await page.close()
    }
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' })
    const page = await context.newPage()
    await context.request.post(`${address}/api/session`, { data: { account, password }, headers: { origin: address } })
    await page.addInitScript(() => {
      localStorage.setItem('maplebridge.session', '1')
      performance.mark('map:watch')
      let made = 0
      const look = () => {
        const map = document.querySelector('.map')?.__map
        if (!map) return requestAnimationFrame(look)
        made ||= performance.now()
        map.once('idle', () => {
          window.openedMs = performance.now()
          window.idleMs = performance.now() - made
        })
      }
      requestAnimationFrame(look)
    })
    await page.goto(`${address}/map`)
    await page.waitForFunction(() => window.idleMs !== undefined, null, { timeout: 60_000 })
    ours.push(await page.evaluate(() => window.idleMs))
    opened.push(await page.evaluate(() => window.openedMs))
    // move the pointer over the map, click, drag and turn the wheel
    const box = await page.locator('.map canvas').boundingBox()
    for (let i = 0; i < 40; i++) await page.mouse.move(box.x + box.width * (0.3 + 0.4 * (i / 40)), box.y + box.height * (0.3 + 0.3 * Math.abs(Math.sin(i))))
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5, { steps: 12 })
    await page.mouse.up()
    await page.mouse.wheel(0, -400)
    await page.waitForTimeout(1_000)
    await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.45)
    await page.waitForTimeout(1_000)
    for (const { name, duration } of await page.evaluate(() => performance.getEntriesByType('measure').filter(({ name }) => name.startsWith('map:')).map(({ name, duration }) => ({ name, duration })))) {
      (listeners[name] ??= []).push(duration)
    }
    await context.close()
  }
} finally {
  await browser.close()
  host.close()
}
const ms = (n) => n.toFixed(1)
process.stdout.write(`made → idle, ms, ${rounds} rounds: ours median ${ms(middle(ours))} (${ours.map(ms).join(' ')})${html ? `; web-proof median ${ms(middle(theirs))} (${theirs.map(ms).join(' ')})` : '; web-proof is absent'}\n`)
process.stdout.write(`address opened → idle, ms: ours median ${ms(middle(opened))} (${opened.map(ms).join(' ')})\n`)
for (const [name, all] of Object.entries(listeners)) process.stdout.write(`${name}: ${all.length} calls, median ${ms(middle(all))}, longest ${ms(Math.max(...all))} ms\n`)
