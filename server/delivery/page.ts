import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Logger } from 'pino';
import { checksum } from './address.ts';
import { type Door, pathOf, problem, readsOnly, send, sendJson } from './answer.ts';
import type { Sample } from './sample.ts';
import { createStaticFile, pageHeaders, type StaticFile, sendStaticFile } from './static.ts';

/**
 * The page at `/`, as `npm run build -w client` has made it: read once, so that a build which is made meanwhile is not
 * mixed with it. It may run only its own scripts and talk only to this server.
 */
const BUILT = new URL('../../client/page/dist/', import.meta.url);
const ASSETS = 'assets/';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Their names say what is in them. */
const FOR_GOOD = 'public, max-age=31536000, immutable';

/** A file of the page other than the page itself. */
interface Asset {
  readonly file: StaticFile;
  readonly type: string;
}

interface PageOptions {
  /** Whom `/` shows until somebody else is named. */
  readonly sample?: Sample | undefined;
  readonly log: Pick<Logger, 'warn'>;
  /** Where its files are. */
  readonly folder?: URL;
}

export function createPage({ sample, log, folder = BUILT }: PageOptions): Door {
  const built = read(folder);
  if (!built) log.warn(`the page at / is not built: run \`${BUILD}\`, then start again`);
  return async (request, response) => {
    if (!readsOnly(request, response)) return;
    const path = pathOf(request);
    if (path !== '/') {
      const asset = built?.assets.get(path.slice(1));
      if (!asset) return sendJson(request, response, 404, problem(404, 'no such route'));
      const { file, type } = asset;
      return sendStaticFile(request, response, file, { 'content-type': type, 'cache-control': FOR_GOOD });
    }
    if (!built) return send(request, response, 503, UNBUILT, headersOf('none'));
    if (sample && request.url === '/') {
      response.writeHead(302, { location: `/?${queryOf(sample)}`, 'cache-control': 'no-store' }).end();
      return;
    }
    const wanted = new URLSearchParams(request.url?.split('?')[1]).get('logos') === '1';
    await sendStaticFile(request, response, built.index, headersOf(wanted ? 'anywhere' : 'own'));
  };
}

/** Undefined where nothing was built. */
function read(folder: URL): { index: StaticFile; assets: ReadonlyMap<string, Asset> } | undefined {
  try {
    const index = createStaticFile(readFileSync(new URL('index.html', folder)));
    const names = readdirSync(new URL(ASSETS, folder));
    const assets = names.map((name): [string, Asset] => {
      const file = createStaticFile(readFileSync(new URL(ASSETS + name, folder)));
      return [ASSETS + name, { file, type: TYPES[extname(name)] ?? 'application/octet-stream' }];
    });
    return { index, assets: new Map(assets) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Pictures of tokens are on strange hosts: they are shown to who asks for them. */
function headersOf(pictures: 'none' | 'own' | 'anywhere') {
  return pageHeaders({
    'script-src': "'self'",
    'style-src': "'self'",
    'connect-src': "'self'",
    'img-src': { none: "'none'", own: "'self' data:", anywhere: "'self' data: https:" }[pictures],
  });
}

/** As the page's address has it. */
function queryOf({ chainId, owner, tokensListsUrls }: Sample): URLSearchParams {
  return new URLSearchParams({ owner: checksum(owner), chain: `${chainId}`, list: tokensListsUrls[0] ?? '' });
}

const BUILD = 'npm run build -w client';

const UNBUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>balance-stream</title>
<h1>balance-stream</h1>
<p>The server runs, but the page that belongs here is not built. Run <code>${BUILD}</code>, and start the server again.</p>
<p>Everything else is there: <a href="graphql">GraphiQL</a>, <a href="docs">REST</a>, <a href="health">health</a>.</p>
</html>
`;
