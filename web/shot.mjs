// usage: node shot.mjs ROLE PATH OUT [W H] [js]
import { chromium } from '@playwright/test'
import { readFileSync } from 'node:fs'
const [role, path, out, w = '1440', h = '900', act = '', wait = '2500'] = process.argv.slice(2)
const base = 'http://127.0.0.1:18150'
const log = readFileSync('/tmp/disp/server.log', 'utf8')
const password = new RegExp(`demo-${role} +(\\S+)`).exec(log)[1]
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic', '--disable-background-networking'] })
const context = await browser.newContext({ viewport: { width: +w, height: +h }, locale: 'zh-CN', baseURL: base, ...(+w < 500 ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}) })
const page = await context.newPage()
page.on('console', (m) => ['error', 'warning'].includes(m.type()) && !/GPU stall|software WebGL/.test(m.text()) && console.log(m.type(), m.text()))
page.on('pageerror', (e) => console.log('uncaught', e.message))
await page.request.post('/api/session', { data: { account: `demo-${role}`, password } })
await page.addInitScript(() => localStorage.setItem('maplebridge.session', '1'))
await page.goto(path)
await page.waitForFunction(() => { const m = document.querySelector('.map')?.__map; return m && m.loaded() && m.areTilesLoaded() }, null, { timeout: 40000 }).catch(() => console.log('map not idle'))
await page.waitForTimeout(+wait)
if (act) { await (new Function('page', `return (async () => { ${act} })()`))(page); await page.waitForTimeout(1500) }
await page.screenshot({ path: out })
console.log(page.url())
await browser.close()
