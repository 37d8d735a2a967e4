import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import type { Session, SessionInput, WatchOptions } from '../../client/index.ts';
import { eventually } from './app.ts';
import type { Shown } from './clients/tab.ts';

/** Where the application lies, on the server's own origin. */
export const PATH = '/tabs';

/** The application of `clients/tab.ts` as a bundler makes it, in a page. */
export async function bundleApplication(): Promise<string> {
  const entry = fileURLToPath(new URL('clients/tab.ts', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry, formats: ['es'] } },
  });
  const [output] = [built].flat();
  const chunk = output && 'output' in output ? output.output[0] : undefined;
  if (!chunk) throw new Error('nothing was built');
  return `<!doctype html><link rel="icon" href="data:,"><script type="module">${chunk.code}</script>`;
}

/** Serves the page to all tabs of a browser. */
export async function serve(context: BrowserContext, origin: string, html: string): Promise<void> {
  await context.route(origin + PATH, (route) => route.fulfill({ contentType: 'text/html', body: html }));
}

/** A tab in which the application runs. */
export class Tab {
  readonly page: Page;
  /** Errors of its scripts, also those that nobody handled. */
  readonly errors: string[] = [];
  /** What it asked the server for by itself. */
  requests = 0;
  /** Under which ids. */
  readonly clientIds = new Set<string>();

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      if (request.method() !== 'POST') return;
      this.requests += 1;
      const { variables } = request.postDataJSON();
      const id = variables?.clientId ?? variables?.input?.clientId;
      if (id) this.clientIds.add(id);
    });
  }

  async connect(options: {
    url: string;
    apiKey?: string;
    clientId?: string;
    share?: boolean;
  }): Promise<void> {
    await this.page.evaluate((given) => {
      window.application = new window.Application(given);
    }, options);
  }

  async watch(name: string, options: WatchOptions): Promise<void> {
    await this.page.evaluate(
      ([key, given]) => {
        window.ends[key] = window.application.watch(key, given);
      },
      [name, options] as const,
    );
  }

  async unwatch(name: string): Promise<void> {
    await this.page.evaluate((key) => window.ends[key]?.(), name);
  }

  /** Ends the client, and leaves the tab open. */
  async dispose(): Promise<void> {
    await this.page.evaluate(() => window.application.client.dispose());
  }

  createSession(session: SessionInput): Promise<Session> {
    return this.page.evaluate((given) => window.application.client.createSession(given), session);
  }

  /** How many locks the tab's origin holds or waits for. */
  locks(): Promise<number> {
    return this.page.evaluate(async () => {
      const { held = [], pending = [] } = await navigator.locks.query();
      return held.length + pending.length;
    });
  }

  shown(name: string): Promise<Shown | undefined> {
    return this.page.evaluate((key) => window.application.shown(key), name);
  }

  /** Waits until it shows what it should. */
  shows(name: string, check: (shown: Shown) => void): Promise<void> {
    return eventually(async () => {
      const shown = await this.shown(name);
      if (!shown) throw new Error('nothing is shown yet');
      check(shown);
    });
  }
}
