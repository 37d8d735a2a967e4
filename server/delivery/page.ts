import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { checksum } from './address.ts';
import { type Door, readsOnly, send } from './answer.ts';
import type { Sample } from './sample.ts';

/** The dashboard at `/`: one file, read once, that may run only its own script and talk only to this server. */
const FILE = new URL('../../client/page/index.html', import.meta.url);

interface PageOptions {
  /** What the form begins with. */
  readonly defaultChainId: number;
  /** Whom `/` shows until somebody else is named. */
  readonly sample?: Sample | undefined;
}

export function createPage({ defaultChainId, sample }: PageOptions): Door {
  const text = readFileSync(FILE, 'utf8').replace('value="1"', `value="${defaultChainId}"`);
  const html = Buffer.from(text);
  const etag = `"${createHash('sha256').update(html).digest('base64url')}"`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [
      "default-src 'none'",
      `script-src ${hashes(text, 'script')}`,
      `style-src ${hashes(text, 'style')}`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
    etag,
  };
  return (request, response) => {
    if (!readsOnly(request, response)) return;
    if (sample && request.url === '/') {
      response.writeHead(302, { location: `/?${queryOf(sample)}`, 'cache-control': 'no-store' }).end();
      return;
    }
    if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
    else send(request, response, 200, html, headers);
  };
}

/** As the page's form has it. */
function queryOf({ chainId, owner, tokensListsUrls }: Sample): URLSearchParams {
  return new URLSearchParams({ owner: checksum(owner), chain: `${chainId}`, list: tokensListsUrls[0] ?? '' });
}

/** What a policy calls the inline elements of a page. https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashes(html: string, element: 'script' | 'style'): string {
  const inline = html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'));
  return [...inline]
    .map(([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    .join(' ');
}
