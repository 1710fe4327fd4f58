// Fails the build when the first view of the map costs more than it may.
//
// Counted: every script and style that the page fetches before the map is drawn (entry, the map's
// route, all their static imports, the words of one language, the map's worker), gzip. Other lazy routes are not counted.
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const KIB = 1024

export function budget(options: { limitKib: number; route: string }): Plugin {
  return {
    name: 'maplebridge-budget',
    apply: 'build',
    writeBundle(_, bundle) {
      const counted = new Set<string>()
      const take = (fileName: string) => {
        if (counted.has(fileName)) return
        const chunk = bundle[fileName]
        if (!chunk) return
        counted.add(fileName)
        if (chunk.type !== 'chunk') return
        for (const name of chunk.imports) take(name)
        const meta = (chunk as { viteMetadata?: { importedCss: Set<string> } }).viteMetadata
        for (const name of meta?.importedCss ?? []) take(name)
      }
      for (const file of Object.values(bundle)) {
        const isEntry = file.type === 'chunk' && file.isEntry
        const isRoute = file.type === 'chunk' && [options.route, 'locales/zh-CN/index.ts'].some((end) => file.facadeModuleId?.endsWith(end))
        if (isEntry || isRoute || /maplibre-gl-worker/.test(file.fileName)) take(file.fileName)
      }
      const sizes = [...counted]
        .filter((name) => !name.endsWith('.map'))
        .map((name) => {
          const file = bundle[name]!
          const text = file.type === 'chunk' ? file.code : file.source
          return { name, bytes: gzipSync(text).length }
        })
        .sort((a, b) => b.bytes - a.bytes)
      const total = sizes.reduce((sum, file) => sum + file.bytes, 0)
      for (const file of sizes) this.info(`${(file.bytes / KIB).toFixed(1)} KiB  ${file.name}`)
      const line = `first map view: ${(total / KIB).toFixed(0)} KiB gzip of ${options.limitKib}`
      if (total > options.limitKib * KIB) this.error(`${line}: over the budget`)
      this.info(line)
    },
  }
}
