// Base maps of other servers: chosen only where a file names them, asked for from that host alone, and said whose they are.
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { beSignedIn, drawn, expect, start, test as base, Troubles, type MapElement } from './server'

/** A picture of one colour, PNG. */
function picture(side: number, [r, g, b]: number[]): Buffer {
  const crcs = Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1; return n >>> 0 })
  const crc = (bytes: Buffer) => { let c = 0xffffffff; for (const byte of bytes) c = crcs[(c ^ byte) & 255]! ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0 }
  const chunk = (kind: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(kind), data])
    const head = Buffer.alloc(4); head.writeUInt32BE(data.length)
    const tail = Buffer.alloc(4); tail.writeUInt32BE(crc(body))
    return Buffer.concat([head, body, tail])
  }
  const size = Buffer.alloc(13); size.writeUInt32BE(side, 0); size.writeUInt32BE(side, 4); size.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.from([0, ...Array.from({ length: side }, () => [r!, g!, b!]).flat()])
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', size), chunk('IDAT', deflateSync(Buffer.concat(Array(side).fill(row)))), chunk('IEND', Buffer.alloc(0))])
}

const test = base.extend<object, { outside: { tiles: string; asked: string[] } }>({
  outside: [
    async ({}, use) => {
      const asked: string[] = []
      const green = picture(256, [20, 160, 60])
      const host = createServer((request, response) => {
        asked.push(request.url!)
        response.writeHead(200, { 'content-type': 'image/png', 'access-control-allow-origin': '*' }).end(green)
      })
      await new Promise<void>((done) => host.listen(0, '127.0.0.1', done))
      await use({ tiles: `http://127.0.0.1:${(host.address() as { port: number }).port}`, asked })
      host.close()
    },
    { scope: 'worker' },
  ],
  server: [
    async ({ outside: { tiles } }, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'mb-base-'))
      writeFileSync(join(folder, 'tdt.key'), 'k3yOfTheTest\n')
      writeFileSync(join(folder, 'maps.json'), JSON.stringify([{
        id: 'tdt', name_zh: '天地图 影像', name_en: 'Tianditu imagery', url: `${tiles}/img?z={z}&x={x}&y={y}&tk={key}`, key_file: 'tdt.key',
        attribution: '国家地理信息公共服务平台', approval_no: 'GS（2026）0000号',
      }]))
      const { server, stop } = await start(['--demo', 'township', '--basemap-raster', join(folder, 'maps.json')])
      await use(server)
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 130_000 },
  ],
  // here the one host that the file names may be asked
  troubles: async ({ context, server, outside }, use) => {
    const troubles = new Troubles((url) => [server.address, outside.tiles].some((own) => url.startsWith(own))).watch(context)
    await use(troubles)
    expect(troubles.unexpected).toEqual([])
  },
})

test('a base map is asked for once it is chosen, drawn under the data, and says whose it is', async ({ page, server, outside: { tiles, asked } }) => {
  await beSignedIn(page, server)
  const answer = await page.goto('/map')
  await drawn(page)
  const policy = answer!.headers()['content-security-policy']!
  expect(policy).toContain(`connect-src 'self' ${tiles};`)
  expect(policy).not.toContain('k3yOfTheTest')
  expect(asked).toEqual([])
  await page.getByRole('combobox', { name: '底图' }).selectOption('tdt')
  await drawn(page)
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  expect(asked[0]).toContain('tk=k3yOfTheTest')
  await expect(page.locator('.credit')).toHaveText('国家地理信息公共服务平台 · 审图号：GS（2026）0000号')
  const orderOf = () => page.evaluate(() => document.querySelector<MapElement>('.map')!.__map.getStyle().layers.map((l) => l.id))
  await expect.poll(orderOf).not.toContain('river')
  const order = await orderOf()
  expect(order.indexOf('raster-0')).toBeGreaterThan(order.indexOf('land'))
  expect(order.indexOf('raster-0')).toBeLessThan(order.indexOf('cell-fill'))
  // what is drawn is green where no cell lies over it
  await expect.poll(() => page.evaluate(() => new Promise<number>((done) => {
    const map = document.querySelector<MapElement>('.map')!.__map
    map.once('render', () => {
      const source = map.getCanvas()
      const pen = new OffscreenCanvas(source.width, source.height).getContext('2d')!
      pen.drawImage(source, 0, 0)
      const { data } = pen.getImageData(0, 0, source.width, source.height)
      let greens = 0
      for (let i = 0; i < data.length; i += 4) if (data[i + 1]! > data[i]! + 40 && data[i + 1]! > data[i + 2]! + 40) greens++
      done(greens)
    })
    map.triggerRepaint()
  }))).toBeGreaterThan(10_000)
  await page.getByRole('button', { name: '打印和图片' }).click()
  await expect(page.locator('.print-sheet .page')).toContainText('GS（2026）0000号')
  await page.keyboard.press('Escape')
  await page.goto('/screen')
  await expect(page.locator('.screen .credit')).toContainText('国家地理信息公共服务平台')
  await page.goto('/map')
  await drawn(page)
  await page.getByRole('combobox', { name: '底图' }).selectOption('')
  await expect(page.locator('.credit')).toContainText('审图号：待填写')
})
