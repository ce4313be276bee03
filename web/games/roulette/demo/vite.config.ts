import { resolve } from 'node:path'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/** The design page is served from `web/`, so that it can load the page's own tokens: /games/roulette/demo/. */
// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from there.
export default defineConfig({
  root: resolve(here, '../../..'),
  plugins: [preact()],
  server: { host: '127.0.0.1', fs: { allow: [resolve(here, '../../../..')] } },
  build: {
    outDir: resolve(here, '../../../../dist/roulette-design'),
    rolldownOptions: { input: resolve(here, 'index.html') },
  },
})
