import { parseArgs } from 'node:util';
import type { Address } from '../types.ts';

/** Arguments that make no sense; the message names what is wrong. */
export class UsageError extends Error {}

/** What a command line asks for. */
export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | ({ readonly name: 'watch' } & WatchArguments);

export interface WatchArguments {
  readonly owner: Address;
  /** Undefined: the server's first. */
  readonly chainId: number | undefined;
  readonly customTokens: readonly (Address | 'native')[];
  readonly tokensListsUrls: readonly string[];
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly json: boolean;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

export const HELP = `Usage: balance-stream watch <owner> [options]

Shows what a wallet holds, as it changes, from a balance-stream server.

  <owner>            the wallet: 0x and 40 hex digits

  --chain <id>       chain id; default: the server's first
  --token <address>  a token to watch, or "native"; any number of them
  --list <url>       a token list to watch (https://…); any number of them
  --url <url>        of the server; default: $BALANCE_STREAM_URL, else ${DEFAULT_URL}
  --api-key <key>    where the server asks for one; default: $BALANCE_STREAM_API_KEY, which other users of the
                     machine do not see
  --json             a line of JSON for each change, as if the output were no terminal
  -h, --help
  -v, --version

The native coin and its wrapped token are always watched.

In a terminal: a table, which shows amounts to six decimals. q or Ctrl-C ends it. Colours go with NO_COLOR.
Elsewhere: each balance as a line of JSON on stdout, then each change, with exact amounts; the state of the
connection on stderr.

A server that is away is tried again for as long as it takes.

Exit codes: 0 ended by you (q, Ctrl-C, SIGTERM, or by whoever read the output)
            1 refused: what trying again would not mend, such as a wrong key or a chain that is not served
            2 the arguments make no sense
`;

/** Throws UsageError. */
export function readCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { name: 'help' };
  if (values.version) return { name: 'version' };
  const [command, owner, ...more] = positionals;
  if (command === undefined) throw new UsageError('say what to do: watch <owner>');
  if (command !== 'watch') throw new UsageError(`there is no command '${command}', only: watch <owner>`);
  if (owner === undefined) throw new UsageError('watch: say which wallet: watch <owner>');
  if (more.length > 0) throw new UsageError(`watch takes one wallet; what is '${more.join(' ')}'?`);
  return {
    name: 'watch',
    owner: address('<owner>', owner),
    chainId: values.chain === undefined ? undefined : chainId(values.chain),
    customTokens: values.token.map((token) => (token === 'native' ? token : address('--token', token))),
    tokensListsUrls: values.list.map((list) => webAddress('--list', list)),
    url: url(values.url, environment.BALANCE_STREAM_URL),
    apiKey: values['api-key'] || environment.BALANCE_STREAM_API_KEY || undefined,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        chain: { type: 'string' },
        token: { type: 'string', multiple: true, default: [] },
        list: { type: 'string', multiple: true, default: [] },
        url: { type: 'string' },
        'api-key': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
  } catch (error) {
    // Of a few sentences the first says what is wrong.
    const [reason] = error instanceof Error ? error.message.split('. ') : [String(error)];
    throw new UsageError(reason);
  }
}

function url(given: string | undefined, environment: string | undefined): string {
  if (given !== undefined) return webAddress('--url', given);
  return environment ? webAddress('BALANCE_STREAM_URL', environment) : DEFAULT_URL;
}

function address(name: string, text: string): Address {
  if (!/^0x[0-9a-f]{40}$/i.test(text))
    throw new UsageError(`${name}: expected an address (0x and 40 hex digits), not '${text}'`);
  return text as Address;
}

function chainId(text: string): number {
  const id = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new UsageError(`--chain: expected a chain id, as 1, not '${text}'`);
  return id;
}

function webAddress(name: string, text: string): string {
  const { protocol } = URL.canParse(text) ? new URL(text) : { protocol: '' };
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new UsageError(`${name}: expected an address that begins with https:// or http://, not '${text}'`);
  return text;
}
