import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Rolldown } from 'vite';
import { clientSource } from './client-source.ts';

/** An application as its makers would serve it: bundled, on an origin of its own. */
export interface BrowserApp extends AsyncDisposable {
  readonly url: string;
}

interface BrowserAppOptions {
  /** What the application finds as `globalThis.config`. */
  readonly config?: unknown;
  /** Markup of its root, where a server has rendered it. */
  readonly markup?: string;
}

/** Bundles what begins with that file of `server/test/apps`, as for development, and serves it. */
export async function startBrowserApp(
  entry: string,
  { config = {}, markup = '' }: BrowserAppOptions = {},
): Promise<BrowserApp> {
  const script = await bundle(fileURLToPath(new URL(`apps/${entry}`, import.meta.url)));
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${entry}</title>
<link rel="icon" href="data:,"><div id="root">${markup}</div>
<script>globalThis.config = ${JSON.stringify(config).replaceAll('<', '\\u003c')}</script>
<script type="module" src="/app.js"></script></html>`;
  return await servePage(page, script);
}

/** Serves a page, and its script as `/app.js`. */
export async function servePage(page: string, script: string): Promise<BrowserApp> {
  const server = createServer(({ url }, response) => {
    const isScript = url === '/app.js';
    response.setHeader('content-type', `text/${isScript ? 'javascript' : 'html'}; charset=utf-8`);
    response.end(isScript ? script : page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => close(server) };
}

async function bundle(entry: string): Promise<string> {
  const built = (await build({
    configFile: false,
    mode: 'development',
    logLevel: 'error',
    // StrictMode and warnings are of React's development build.
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { alias: clientSource },
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      modulePreload: false,
      rolldownOptions: { input: entry, output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput;
  return built.output[0].code;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
