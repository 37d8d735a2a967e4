import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../client/package.json' with { type: 'json' };
import { Application } from './installed.ts';
import { findOldNode } from './old-node.ts';

/** The client as a stranger has it who installed what would be published. */
const MOST_BYTES = 12_000;
const PACKAGE = manifest.name;
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const ENTRIES = Object.keys(manifest.exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', PACKAGE));

let application: Application;
beforeAll(async () => {
  application = await Application.create();
}, 60_000);
afterAll(() => application?.[Symbol.asyncDispose]());

it('holds what was built, its README and its licence, and nothing else', async () => {
  const packed = await application.packed();
  const others = packed.filter((path) => !path.startsWith('dist/'));
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  expect(packed.filter((path) => /\.(test|stories)\.|\.tsx?$/.test(path) && !path.endsWith('.d.ts'))).toEqual(
    [],
  );
  const licence = (folder: string) => readFile(join(folder, 'LICENSE'), 'utf8');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  expect(await licence(join(root, 'client'))).toBe(await licence(root));
});

it('imports no source, and no package that it does not name', async () => {
  const folder = join(application.folder, 'node_modules', PACKAGE);
  const named = manifest.peerDependencies;
  const foreign = new Set<string>();
  for (const path of await application.packed()) {
    if (!/\.(js|d\.ts)$/.test(path)) continue;
    const text = await readFile(join(folder, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g)) {
      expect(name, path).not.toMatch(/\.tsx?$/);
      const isKnown =
        name.startsWith('.') ||
        // In the examples of docstrings.
        ENTRIES.includes(name) ||
        Object.keys(named).some((known) => name === known || name.startsWith(`${known}/`)) ||
        (path.startsWith('dist/cli/') && name.startsWith('node:'));
      if (!isKnown) foreign.add(`${path}: ${name}`);
    }
  }
  expect([...foreign]).toEqual([]);
});

const oldNode = findOldNode();
describe.each([
  ['the Node of this repository', process.execPath],
  ['Node 20', oldNode],
])('under %s', (_, node = '') => {
  it.skipIf(node === '').each(ENTRIES)('%s can be imported', async (entry) => {
    const script = `console.log(Object.keys(await import('${entry}')).length > 0)`;
    expect(await application.run(node, ['--input-type=module', '--eval', script])).toBe('true\n');
  });

  it.skipIf(node === '')('the command runs', async () => {
    const command = join('node_modules', PACKAGE, manifest.bin['balance-stream']);
    expect(await application.run(node, [command, '--version'])).toBe(`${manifest.version}\n`);
  });
});

describe.each([
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('for a compiler that resolves as %s', (moduleResolution, module) => {
  it.each(ENTRIES)(
    '%s has types, which need no types of Node and nothing newer than ES2022',
    async (entry) => {
      await application.write(
        'index.ts',
        `import * as everything from '${entry}';\nexport { everything };\n`,
      );
      await application.write('tsconfig.json', configOf({ module, moduleResolution }));
      expect(await complaints(application)).toEqual([]);
    },
  );

  it('says what is wrong with what is asked, and what comes of it', async () => {
    await application.write('index.ts', TYPED);
    await application.write('tsconfig.json', configOf({ module, moduleResolution }));
    expect(await complaints(application)).toEqual([]);
  });
});

function configOf(options: Record<string, string>): string {
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    noEmit: true,
    skipLibCheck: false,
    ...options,
  };
  return JSON.stringify({ compilerOptions, files: ['index.ts'] });
}

/** What the compiler says of the application and of the client; what others' types are like is theirs. */
async function complaints(application: Application): Promise<readonly string[]> {
  const tsc = join(NODE_MODULES, 'typescript/bin/tsc');
  const said = await application
    .run(process.execPath, [tsc, '--pretty', 'false'])
    .catch(({ message }) => message);
  return said.split('\n').filter((line: string) => /^(index|node_modules\/@balance-stream)/.test(line));
}

const TYPED = `
import { createBalancesClient, type BalancesState } from '${PACKAGE}';
const client = createBalancesClient({ url: 'http://127.0.0.1:8080', apiKey: 'key' });
const input = { chainId: 1, owner: '0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045' } as const;
for await (const { changes } of client.watchBalances(input))
  for (const { previous, now } of changes) {
    const amount: bigint | null | undefined = now?.amount;
    const before: string | null | undefined = previous?.formatted;
    console.log(amount, before);
  }
const leave: () => void = client.watchBalances(input, (state: BalancesState) => console.log(state.status.since));
leave();
// @ts-expect-error: no address
client.watchBalances({ chainId: 1, owner: 'vitalik.eth' });
// @ts-expect-error: amounts are no numbers
const amount: number = (await client.balance({ owner: input.owner, token: 'native' })).amount;
export { amount };
`;

describe('in a bundle for browsers', () => {
  const bundled = async (source: string) => {
    await application.write('entry.js', source);
    const { output } = (await build({
      configFile: false,
      root: application.folder,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2022',
        modulePreload: false,
        rolldownOptions: { input: join(application.folder, 'entry.js'), output: { codeSplitting: false } },
      },
    })) as Rolldown.RolldownOutput;
    const [{ code, modules }] = output;
    const kept = Object.entries(modules)
      .filter(([, { renderedLength }]) => renderedLength > 0)
      .map(([path]) => path.replace(/^.*\/node_modules\//, ''));
    return { code, kept, gzipped: gzipSync(code).length };
  };

  it(`createBalancesClient alone takes under ${MOST_BYTES} bytes, gzipped`, async () => {
    const { code, kept, gzipped } = await bundled(
      `import { createBalancesClient } from '${PACKAGE}';\nglobalThis.create = createBalancesClient;`,
    );
    console.log(`createBalancesClient: ${gzipped} bytes gzipped, ${code.length} minified`);
    expect(gzipped).toBeLessThan(MOST_BYTES);
    const own = `${PACKAGE}/dist/`;
    const others = kept.filter((path) => !path.startsWith(own));
    expect(others.filter((path) => path !== 'entry.js' && !path.endsWith('/entry.js'))).toEqual([]);
    expect(kept.filter((path) => /dist\/(react|wagmi|rpc|cli)\//.test(path))).toEqual([]);
    // Asked by others alone.
    expect(code).not.toContain('query ReadChains');
  });

  it('what only names a type or an error takes next to nothing', async () => {
    const { kept } = await bundled(
      `import { BalancesError } from '${PACKAGE}';\nglobalThis.error = BalancesError;`,
    );
    expect(kept.filter((path) => path.startsWith(PACKAGE))).toEqual([`${PACKAGE}/dist/errors.js`]);
  });
});
