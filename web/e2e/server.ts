// The real binary with the demonstration township, once for all tests of a worker; and the things every journey does.
import { test as base, expect, type BrowserContextOptions, type Page } from '@playwright/test'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Map as MapLibre } from 'maplibre-gl'

export interface Account { role: string; account: string; password: string }
export interface Server { address: string; accounts: Account[] }

export const BIN = resolve(process.env.MAPLEBRIDGE_BIN ?? '../target/debug/maplebridge')
const START_MS = 110_000
const AXE = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** A server of its own with these options of `serve`; `data` is its directory, for commands beside it. */
export async function start(options: string[], patienceMs = START_MS): Promise<{ server: Server; data: string; stop: () => Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'mb-e2e-'))
  const child = spawn(BIN, ['serve', ...options, '--data-dir', data, '--listen', '127.0.0.1:0', '--ephemeral', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (piece: Buffer) => (complaints = (complaints + piece.toString()).slice(-4000)))
  const server = await new Promise<Server>((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no address after ${patienceMs} ms: ${complaints}`)), patienceMs)
    child.on('error', failed)
    child.on('exit', (code) => failed(new Error(`${BIN} ended with ${code}: ${complaints}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return
      const said = JSON.parse(line) as Partial<Server>
      if (!said.address || !said.accounts) return
      clearTimeout(timer)
      found(said as Server)
    })
  })
  return {
    server,
    data,
    async stop() {
      child.removeAllListeners('exit')
      const ended = new Promise((done) => child.on('exit', done))
      child.kill('SIGTERM')
      await ended
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Every page of a test is watched: errors and warnings on the console, requests to anywhere but the server. */
export const test = base.extend<{ troubles: string[] }, { server: Server }>({
  server: [
    async ({}, use) => {
      const { server, stop } = await start(['--demo', 'township'])
      await use(server)
      await stop()
    },
    { scope: 'worker', timeout: START_MS + 10_000 },
  ],
  baseURL: async ({ server }, use) => use(server.address),
  troubles: [
    async ({ context, server }, use) => {
      const troubles: string[] = []
      context.on('console', (message) => {
        // the browser's own remarks about WebGL read-backs in software are no faults of the page
        if (['error', 'warning'].includes(message.type()) && !/GPU stall|software WebGL/i.test(message.text())) {
          troubles.push(`${message.type()}: ${message.text()}`)
        }
      })
      context.on('weberror', (error) => troubles.push(`uncaught: ${error.error().message}`))
      context.on('request', (request) => {
        if (/^(https?|wss?):/.test(request.url()) && !request.url().startsWith(server.address)) troubles.push(`outside: ${request.url()}`)
      })
      await use(troubles)
      expect(troubles).toEqual([])
    },
    { auto: true },
  ],
})
export { expect }

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }

export type MapElement = HTMLElement & { __map: MapLibre }

/** Signs in without the form, which has its own test. */
export async function beSignedIn(page: Page, server: Server, as = 'supervisor') {
  const { account, password } = server.accounts.find(({ role }) => role === as)!
  const answer = await page.request.post('/api/session', { data: { account, password } })
  expect(answer.ok(), await answer.text()).toBe(true)
  await page.addInitScript(() => localStorage.setItem('maplebridge.session', '1'))
}

/** Signs in and waits until the map has drawn everything in view. */
export async function openMap(page: Page, server: Server, path = '/map', as = 'supervisor') {
  await beSignedIn(page, server, as)
  await page.goto(path)
  await drawn(page)
}

export async function drawn(page: Page) {
  await page.waitForFunction(() => {
    const map = document.querySelector<MapElement>('.map')?.__map
    return map !== undefined && map.loaded() && map.areTilesLoaded() && !map.isMoving()
  }, null, { timeout: 60_000 })
}

/** Properties of what is drawn by a layer, each feature once by `key`. */
export async function rendered(page: Page, layer: string, key: string): Promise<Record<string, unknown>[]> {
  return page.evaluate(([layer, key]) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    const found = map.getLayer(layer!) ? map.queryRenderedFeatures({ layers: [layer!] }) : []
    return [...new Map(found.map((f) => [f.properties[key!], f.properties])).values()]
  }, [layer, key])
}

export async function jump(page: Page, center: [number, number], zoom: number) {
  await page.evaluate(([center, zoom]) => {
    document.querySelector<MapElement>('.map')!.__map.jumpTo({ center: center as [number, number], zoom: zoom as number })
  }, [center, zoom] as const)
  await drawn(page)
}

/** What axe finds wrong by WCAG 2.2 A and AA. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: { run: (o: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    return (await axe.run({ runOnly: tags })).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)
  }, WCAG)
}
