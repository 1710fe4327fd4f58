import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vitest/config'
import { budget } from './build/budget.ts'

const server = process.env.MAPLEBRIDGE_URL ?? 'http://127.0.0.1:8080'
const proxy = { '/api': server, '/tiles': server, '/styles': server }

export default defineConfig({
  plugins: [
    vue(),
    Components({ dts: 'src/components.d.ts', dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
    budget({ limitKib: 650, route: 'views/MapView.vue' }),
  ],
  worker: { format: 'es' },
  server: { proxy },
  preview: { proxy },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy allows no data: scripts, and a file caches better
    chunkSizeWarningLimit: 1200, // maplibre is one chunk by design; the budget plugin watches the whole
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@maplibre)[\\/]/ },
            { name: 'vue', test: /node_modules[\\/](vue|@vue|vue-router|pinia|vue-i18n|@intlify)[\\/]/ },
          ],
        },
      },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    reporters: ['default', 'json'],
    outputFile: { json: 'vitest-results.json' },
  },
})
