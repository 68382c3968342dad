import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running node: its endpoint and its listener for operators. */
const node = process.env.SAMPO_URL ?? 'http://127.0.0.1:8080';
const operators = process.env.SAMPO_ADMIN_URL ?? 'http://127.0.0.1:8081';

export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // Everything is a file of its own: the page's policy lets nothing in that stands inside another.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': node, '/stats': node, '/version': node, '/admin': operators } },
});
