import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type LaunchOptions, type Page } from 'playwright-core';
import { PATIENCE } from './app.ts';

/**
 * A real browser for one test file: Chromium out of its npm package, which on Linux (x64) needs nothing of the
 * system but the C library; elsewhere the Chrome that is installed. Where none can be started there is a notice
 * and undefined, and what needs one is skipped; in CI it throws.
 */
export async function startBrowser(): Promise<TestBrowser | undefined> {
  const { platform, arch, env } = process;
  try {
    const own = platform === 'linux' && arch === 'x64' ? await bundled() : { channel: 'chrome' };
    return new TestBrowser(await chromium.launch({ ...own, args: ARGS, timeout: LAUNCH_TIMEOUT_MS }));
  } catch (error) {
    if (env.CI) throw error;
    console.warn(`SKIPPED: what needs a browser. None could be started on ${platform} ${arch}. ${error}`);
    return undefined;
  }
}

const LAUNCH_TIMEOUT_MS = 20_000;
const UNPACK_TIMEOUT_MS = 60_000;
const ARGS = [
  // Not even on the browser's own behalf.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
  // Its processes are its own children, and gone when it is.
  '--no-zygote',
];

interface VisitOptions {
  /** Addresses of others that it may ask. */
  readonly friends?: readonly string[];
  /** What is to be so before the page is there. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>;
}

export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /**
   * Opens a page as somebody would who has never been there. Only its own origin can be reached from it, and those of
   * its friends.
   */
  async open(url: string, { friends = [], prepare }: VisitOptions = {}): Promise<Visit> {
    const context = await this.#browser.newContext();
    context.setDefaultTimeout(PATIENCE.timeout);
    await prepare?.(context);
    const origins = friends.map((friend) => new URL(friend).origin);
    const visit = new Visit(context, await context.newPage(), new URL(url).origin, origins);
    await visit.go(url);
    return visit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** A page, and what went wrong on it. */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts, what the console calls one, and what the page's policy did not let it do. */
  readonly errors: string[] = [];
  /** What it wanted of others; none of it was let out. */
  readonly strangers: string[] = [];
  /** The paths of its own origin that it asked for. */
  readonly paths: string[] = [];
  /** The event streams that it opened, whatever became of them. */
  readonly streams: string[] = [];
  /** Where more tabs of the same browser are opened. */
  readonly context: BrowserContext;
  readonly #origins: readonly string[];

  constructor(context: BrowserContext, page: Page, origin: string, friends: readonly string[]) {
    this.context = context;
    this.#origins = [origin, ...friends];
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol === 'data:' || url.protocol === 'blob:') return;
      if (request.headers().accept === 'text/event-stream') this.streams.push(request.url());
      if (url.origin === origin) this.paths.push(url.pathname);
      else if (!friends.includes(url.origin)) this.strangers.push(request.url());
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(origin).host) this.strangers.push(socket.url());
    });
  }

  async go(url: string): Promise<void> {
    await this.context.route(
      (asked) => !this.#origins.includes(asked.origin),
      (route) => route.abort(),
    );
    await this.page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`not allowed by the policy: ${violatedDirective} ${blockedURI}`),
      );
    });
    await this.page.goto(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
  }
}

async function bundled(): Promise<LaunchOptions> {
  const folder = await unpacked();
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

/** Where Chromium, its libraries and a font lie; unpacked once for all test files and all runs. */
async function unpacked(): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const entry = resolve('@sparticuz/chromium');
  const { version } = createRequire(entry)('../package.json');
  const cache = join(dirname(resolve('vitest/package.json')), '../.cache/balance-stream');
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(join(cache, 'unpacking-'));
  try {
    // It unpacks to the temporary folder, and its libraries only where it believes itself in AWS Lambda: so it
    // is told in a process of its own.
    const script = `import chromium from ${JSON.stringify(entry)}; await chromium.executablePath();`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      env: { TMPDIR: staging, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      timeout: UNPACK_TIMEOUT_MS,
    });
    await writeFile(join(staging, 'fonts.conf'), fontsOf(folder));
    await rename(staging, folder);
  } catch (error) {
    // Another test file may have been quicker.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}

const fontsOf = (folder: string) => `<?xml version="1.0"?>
<fontconfig><dir>${folder}/fonts/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>
`;
