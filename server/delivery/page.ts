import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Door, readsOnly, send } from './answer.ts';

/** The dashboard at `/`: one file, read once, that may run only its own script and talk only to this server. */
const FILE = new URL('../../client/page/index.html', import.meta.url);

export function createPage(): Door {
  const html = readFileSync(FILE);
  const text = html.toString();
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
    if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
    else send(request, response, 200, html, headers);
  };
}

/** What a policy calls the inline elements of a page. https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashes(html: string, element: 'script' | 'style'): string {
  const inline = html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'));
  return [...inline]
    .map(([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`)
    .join(' ');
}
