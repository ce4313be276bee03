import { resolve } from 'node:path'
import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/** The players' app and the stand-alone verification page. Nothing under `web/dev` is an entry, so it is not built. */
// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from there.
export default defineConfig({
  root: here,
  plugins: [preact()],
  server: { host: '127.0.0.1', port: 21_600, strictPort: true, fs: { allow: [resolve(here, '..')] } },
  build: {
    outDir: resolve(here, '../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    // Scripts and styles are files of their own: the page's policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Its name starts with a dot, so that the server does not serve it.
    manifest: '.manifest.json',
    rolldownOptions: {
      input: [resolve(here, 'index.html'), resolve(here, 'verify/index.html')],
      output: {
        // What every page of the app needs travels in one file rather than in a dozen small ones.
        codeSplitting: {
          groups: [
            { name: 'shell', test: /node_modules\/(preact|i18next)\/|web\/(app|ui\/(icon|loaded)|format|net\/api)/ },
          ],
        },
      },
    },
  },
})
