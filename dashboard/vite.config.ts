import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

/** A running program, for `npm run dev`: `hearthline demo` listens here. */
const program = process.env.HEARTHLINE_URL ?? 'http://127.0.0.1:8099';

/** Writes each script and style a second time, packed: the program has no packer. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  generateBundle: {
    order: 'post', // Vite itself writes into scripts here
    handler(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        const source = gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 });
        this.emitFile({ type: 'asset', fileName: `${name}.gz`, source });
      }
    },
  },
};

export default defineConfig({
  base: './', // the page runs under a path that only Home Assistant's ingress knows
  plugins: [svelte(), packed],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  server: { proxy: { '/api': program } },
  preview: { proxy: { '/api': program } },
});
