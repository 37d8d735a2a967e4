import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * The page, as files for the server to serve. Nothing is inlined, for its policy lets nothing inline run; and its
 * address may be any, with a path before it, too.
 */
export default defineConfig({
  base: './',
  plugins: [react()],
  logLevel: 'warn',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: 'es2022',
    reportCompressedSize: false,
  },
});
