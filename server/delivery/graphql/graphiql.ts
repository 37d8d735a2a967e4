import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Address } from '../../chain/types.ts';
import type { Service } from '../../watch/service.ts';
import { checksum } from '../address.ts';
import { type Door, send } from '../answer.ts';
import type { Sample } from '../sample.ts';

/**
 * GraphiQL without a CDN: one page with everything inline. It is large and always the same, so it is made and
 * compressed once, when it is first asked for, and browsers keep it by its ETag.
 */
export function createGraphiQL(service: Service, sample: Sample | undefined): Door {
  let page: Promise<Page> | undefined;
  return async (request, response) => {
    page ??= renderPage(service, sample).catch((error: unknown) => {
      page = undefined;
      throw error;
    });
    await sendPage(request, response, await page);
  };
}

export function asksForGraphiQL({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}

/** The page runs what is inline in it and workers made of it, and talks to this origin alone. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'worker-src blob:',
  'img-src data:',
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Somebody whom everybody knows, on a chain that everybody knows. */
const FAMOUS_OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';

interface Page {
  readonly etag: string;
  /** By content coding; each is compressed when it is first asked for. */
  body(encoding: Encoding): Promise<Buffer>;
}

type Encoding = 'br' | 'gzip' | 'identity';

async function renderPage(service: Service, sample: Sample | undefined): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'balance-stream GraphiQL',
    subscriptionsProtocol: 'SSE',
    defaultQuery: exampleOperations(service, sample),
  });
  const identity = Buffer.from(html);
  const bodies = new Map<Encoding, Promise<Buffer>>([['identity', Promise.resolve(identity)]]);
  return {
    etag: createHash('sha256').update(identity).digest('base64url'),
    body(encoding) {
      const body = bodies.get(encoding) ?? compress(identity, encoding);
      bodies.set(encoding, body);
      return body;
    },
  };
}

function compress(body: Buffer, encoding: Encoding): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(body);
  return promisify(brotliCompress)(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  });
}

async function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): Promise<void> {
  const accepted = request.headers['accept-encoding'] ?? '';
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : 'identity';
  const etag = `"${page.etag}-${encoding}"`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    // The operation stands in the page's address.
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
    vary: 'Accept, Accept-Encoding, Origin',
    etag,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  };
  if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else send(request, response, 200, await page.body(encoding), headers);
}

/** What a newcomer finds in the editor: operations that work as they stand. */
function exampleOperations({ chains, defaultChainId }: Service, sample: Sample | undefined): string {
  const { chainId, owner } = sample ?? { chainId: defaultChainId, owner: FAMOUS_OWNER };
  const wrapped = chains.get(chainId)?.network.wrappedNative;
  const tokens = sample
    ? `tokensListsUrls: ${JSON.stringify(sample.tokensListsUrls)}`
    : `customTokens: ["${wrapped ? checksum(wrapped) : 'native'}"]`;
  const wallet = `chainId: ${chainId}, owner: "${checksum(owner)}"`;
  return `# The button runs the operation that you choose.
# A stream needs a session: create it first.

query Chains {
  chains { id name healthy head { number timestamp } }
}

query Balance {
  balance(
    ${wallet}
    token: "native"
  ) {
    formatted amount token { symbol } block { number }
  }
}

mutation CreateSession {
  createSession(input: {
    ${wallet}
    ${tokens}
  }) {
    tokens expiresAt
  }
}

subscription Balances {
  balances(
    ${wallet}
  ) {
    kind cause block { number }
    balances {
      token { symbol address }
      formatted amount previousAmount status transactions
    }
    removed cursor
  }
}
`;
}
