import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Address } from '../../chain/types.ts';
import type { Service } from '../../watch/service.ts';
import { checksum } from '../address.ts';
import type { Door } from '../answer.ts';
import type { Sample } from '../sample.ts';
import { createStaticFile, inlineHashes, pageHeaders, type StaticFile, sendStaticFile } from '../static.ts';

/**
 * GraphiQL without a CDN: one page with everything inline. It is large and always the same, so it is made and
 * compressed once, when it is first asked for.
 */
export function createGraphiQL(service: Service, sample: Sample | undefined): Door {
  let page: Promise<Page> | undefined;
  return async (request, response) => {
    page ??= renderPage(service, sample).catch((error: unknown) => {
      page = undefined;
      throw error;
    });
    const { file, headers } = await page;
    await sendStaticFile(request, response, file, headers);
  };
}

interface Page {
  readonly file: StaticFile;
  readonly headers: OutgoingHttpHeaders;
}

export function asksForGraphiQL({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true;
}

/** Somebody whom everybody knows, on a chain that everybody knows. */
const FAMOUS_OWNER: Address = '0xd8da6bf26964af9d7eed9e03e53415d37aa96045';

async function renderPage(service: Service, sample: Sample | undefined): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'balance-stream GraphiQL',
    subscriptionsProtocol: 'SSE',
    defaultQuery: exampleOperations(service, sample),
  });
  return {
    file: createStaticFile(html),
    headers: {
      // It runs its own scripts and workers made of them, and talks to this origin alone. Its editor styles itself.
      ...pageHeaders({
        'script-src': inlineHashes(html, 'script'),
        'style-src': "'unsafe-inline'",
        'worker-src': 'blob:',
        'img-src': 'data:',
        'font-src': 'data:',
        'connect-src': "'self'",
      }),
      // The same address answers other clients with results.
      vary: 'Accept, Accept-Encoding, Origin',
    },
  };
}

/** The same on every chain that has it. */
const PERMIT2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3';

/** What a newcomer finds in the editor: operations that work as they stand. */
function exampleOperations({ chains, defaultChainId }: Service, sample: Sample | undefined): string {
  const { chainId, owner } = sample ?? { chainId: defaultChainId, owner: FAMOUS_OWNER };
  const wrapped = chains.get(chainId)?.network.wrappedNative;
  const tokens = sample
    ? `tokensListsUrls: ${JSON.stringify(sample.tokensListsUrls)}`
    : `customTokens: ["${wrapped ? checksum(wrapped) : 'native'}"]`;
  const wallet = `chainId: ${chainId}, owner: "${checksum(owner)}"`;
  return `# The button runs the operation that you choose.
# \`balances\` needs a session: create it first.

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

subscription WalletBalances {
  walletBalances(items: [
    { ${wallet}, tokens: ["native"] }
  ]) {
    chainId kind cause block { number }
    balances {
      owner token { symbol }
      formatted previousAmount transactions
    }
    cursor
  }
}

# Only what falls below an amount, or moves by more than one (in the smallest unit).
subscription Alarm {
  walletBalances(items: [
    {
      ${wallet}, tokens: ["native"]
      conditions: [
        { token: "native", below: "1000000000000000000" }
        { token: "native", changeOver: "100000000000000000" }
      ]
    }
  ]) {
    kind
    balances { formatted previousAmount transactions crossed }
  }
}

# What Permit2 may spend of the wallet's tokens.
mutation WatchSpender {
  createSession(input: {
    ${wallet}
    ${tokens}
    spenders: ["${PERMIT2}"]
  }) {
    spenders expiresAt
  }
}

subscription Allowances {
  balances(
    ${wallet}
  ) {
    kind
    allowances { token { symbol } spender amount previousAmount transactions }
  }
}

subscription Finality {
  chain(id: ${chainId}) {
    head { number } safe { number } finalized { number }
    reorg { depth from { number hash } to { number hash } }
  }
}
`;
}
