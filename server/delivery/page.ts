import { readFileSync } from 'node:fs';
import { checksum } from './address.ts';
import { type Door, readsOnly } from './answer.ts';
import type { Sample } from './sample.ts';
import { createStaticFile, inlineHashes, pageHeaders, sendStaticFile } from './static.ts';

/** The dashboard at `/`: one file, read once, that may run only its own script and talk only to this server. */
const FILE = new URL('../../client/page/index.html', import.meta.url);

interface PageOptions {
  /** What the form begins with. */
  readonly defaultChainId: number;
  /** Whom `/` shows until somebody else is named. */
  readonly sample?: Sample | undefined;
}

export function createPage({ defaultChainId, sample }: PageOptions): Door {
  const html = readFileSync(FILE, 'utf8').replace('value="1"', `value="${defaultChainId}"`);
  const file = createStaticFile(html);
  const headers = pageHeaders({
    'script-src': inlineHashes(html, 'script'),
    'style-src': inlineHashes(html, 'style'),
    'connect-src': "'self'",
    'img-src': 'data:',
  });
  return async (request, response) => {
    if (!readsOnly(request, response)) return;
    if (sample && request.url === '/') {
      response.writeHead(302, { location: `/?${queryOf(sample)}`, 'cache-control': 'no-store' }).end();
      return;
    }
    await sendStaticFile(request, response, file, headers);
  };
}

/** As the page's form has it. */
function queryOf({ chainId, owner, tokensListsUrls }: Sample): URLSearchParams {
  return new URLSearchParams({ owner: checksum(owner), chain: `${chainId}`, list: tokensListsUrls[0] ?? '' });
}
