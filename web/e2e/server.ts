// The real binary with the demonstration township, once for all tests of a worker; and the things every journey does.
import { test as base, expect, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Map as MapLibre } from 'maplibre-gl'

export interface Account { role: string; account: string; password: string }
export interface Server { address: string; accounts: Account[] }

export const BIN = resolve(process.env.MAPLEBRIDGE_BIN ?? '../target/debug/maplebridge')
const START_MS = 300_000
/** The invented place of the journeys: `township`, or `county` for the record (`MAPLEBRIDGE_E2E_DEMO`). */
const DEMO = process.env.MAPLEBRIDGE_E2E_DEMO ?? 'township'
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

/** What console and network have against a page; a test names beforehand what it brings about itself, however late that is told. */
export class Troubles {
  private readonly heard: string[] = []
  private readonly expected: RegExp[] = []
  constructor(private readonly isOwn: (url: string) => boolean) {}

  expect(pattern: RegExp) {
    this.expected.push(pattern)
  }
  get unexpected(): string[] {
    return this.heard.filter((it) => !this.expected.some((pattern) => pattern.test(it)))
  }
  watch(context: BrowserContext): this {
    context.on('console', (message) => {
      // the browser's own remarks about WebGL read-backs in software are no faults of the page
      if (['error', 'warning'].includes(message.type()) && !/GPU stall|software WebGL/i.test(message.text())) {
        this.heard.push(`${message.type()}: ${message.text()}`)
      }
    })
    context.on('weberror', (error) => this.heard.push(`uncaught: ${error.error().message}`))
    context.on('request', (request) => {
      if (/^(https?|wss?):/.test(request.url()) && !this.isOwn(request.url())) this.heard.push(`outside: ${request.url()}`)
    })
    return this
  }
}
/** What the browser notes of requests that fail while it is offline. */
export const OFFLINE = /ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_NETWORK/

/** Every page of a test is watched: errors and warnings on the console, requests to anywhere but the server. */
export const test = base.extend<{ troubles: Troubles }, { server: Server }>({
  server: [
    async ({}, use) => {
      const { server, stop } = await start(['--demo', DEMO])
      await use(server)
      await stop()
    },
    { scope: 'worker', timeout: START_MS + 10_000 },
  ],
  baseURL: async ({ server }, use) => use(server.address),
  troubles: [
    async ({ context, server }, use) => {
      const troubles = new Troubles((url) => url.startsWith(server.address)).watch(context)
      await use(troubles)
      expect(troubles.unexpected).toEqual([])
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

/**
 * Waits until the map is idle: everything asked for is there, nothing moves, fades or turns from one colour to another.
 * What the page asks for beside the tiles (numbers, names) may come later and draw again: read it with a poll.
 */
export async function drawn(page: Page) {
  await page.waitForFunction((token) => {
    const map = document.querySelector<MapElement>('.map')?.__map
    if (!map) return false
    const asked = map as unknown as { askedBy?: number; idled?: boolean }
    if (asked.askedBy !== token) {
      asked.askedBy = token
      asked.idled = false
      map.once('idle', () => (asked.idled = asked.askedBy === token))
      map.triggerRepaint()
      return false
    }
    return asked.idled === true && map.loaded() && map.areTilesLoaded() && !map.isMoving()
  }, Math.random(), { timeout: 120_000 })
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

/** Waits until letters have their fonts and nothing comes or goes: a colour halfway to another is no fault of contrast. */
export async function still(page: Page) {
  await page.waitForFunction(() => document.fonts.status === 'loaded' && document.getAnimations()
    .every((it) => it.playState !== 'running' || it.effect?.getComputedTiming().endTime === Infinity))
}

/** What axe finds wrong by WCAG 2.2 A and AA. */
export async function faultsOf(page: Page): Promise<string[]> {
  await still(page)
  await page.evaluate(AXE)
  return page.evaluate(async (tags) => {
    const { axe } = window as unknown as { axe: { run: (o: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    return (await axe.run({ runOnly: tags })).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`)
  }, WCAG)
}
