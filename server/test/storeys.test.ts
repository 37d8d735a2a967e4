import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SERVER = fileURLToPath(new URL('..', import.meta.url));
const CLIENT = resolve(SERVER, '../client');

/** From the ground up. A storey may use itself and what is below; `lib` and `errors` are below all, `config` beside. */
const STOREYS = ['lib', 'chain', 'ledger', 'watch', 'delivery'];
const GROUND = ['errors.ts', 'config.ts'];

async function sources(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$/.test(file) && !/(^|\/)node_modules\//.test(file))
    .map((file) => join(folder, file));
}

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier]) => specifier ?? '');
}

function storeyOf(file: string): number {
  const [top = ''] = relative(SERVER, file).split('/');
  return GROUND.includes(top) ? -1 : STOREYS.indexOf(top);
}

/** What an import may not reach: anything higher, or outside the storeys. */
function pointsUp(file: string, specifier: string): boolean {
  if (!specifier.startsWith('.')) return false;
  const target = resolve(dirname(file), specifier);
  const [top = ''] = relative(SERVER, target).split('/');
  const own = storeyOf(file);
  // config.ts is what chain/networks.ts makes typed; nothing in lib may know of it.
  if (GROUND.includes(top)) return own === 0 && top === 'config.ts';
  const theirs = STOREYS.indexOf(top);
  return theirs === -1 || theirs > own;
}

describe('the storeys', () => {
  it('import downwards only', async () => {
    const upward: string[] = [];
    for (const storey of STOREYS)
      for (const file of await sources(join(SERVER, storey)))
        for (const specifier of await importsOf(file))
          if (pointsUp(file, specifier)) upward.push(`${relative(SERVER, file)} imports ${specifier}`);
    expect(upward).toEqual([]);
  });

  it('are told apart: an upward import would be seen', () => {
    expect(pointsUp(join(SERVER, 'chain/heads.ts'), '../ledger/ledger.ts')).toBe(true);
    expect(pointsUp(join(SERVER, 'lib/retry.ts'), '../chain/types.ts')).toBe(true);
    expect(pointsUp(join(SERVER, 'watch/watch.ts'), '../app.ts')).toBe(true);
    expect(pointsUp(join(SERVER, 'watch/watch.ts'), '../ledger/ledger.ts')).toBe(false);
  });

  it('leave the client alone, and the client leaves them alone', async () => {
    const crossing: string[] = [];
    for (const file of await sources(CLIENT))
      for (const specifier of await importsOf(file))
        if (relative(CLIENT, resolve(dirname(file), specifier)).startsWith('..') && specifier.startsWith('.'))
          crossing.push(`client/${relative(CLIENT, file)} imports ${specifier}`);
    for (const storey of STOREYS)
      for (const file of await sources(join(SERVER, storey)))
        for (const specifier of await importsOf(file))
          if (
            specifier.includes('client/') &&
            specifier.startsWith('.') &&
            resolve(dirname(file), specifier).startsWith(CLIENT)
          )
            crossing.push(`${relative(SERVER, file)} imports ${specifier}`);
    expect(crossing).toEqual([]);
  });
});
