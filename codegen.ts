import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generate } from '@graphql-codegen/cli';
import { lexicographicSortSchema, printSchema, stripIgnoredCharacters } from 'graphql';
import { schema } from './server/delivery/graphql/schema.ts';
import { compileContracts } from './server/devchain/contracts/compile.ts';

/**
 * Writes what is generated and committed: `schema.graphql`, the client's typed documents, and the dev chain's
 * compiled contracts. With `--check` writes nothing and fails where a file is not what would be written.
 */
const ROOT = import.meta.dirname;
/** Holds nothing but generated files. */
const CLIENT_GQL = 'client/gql';

// biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a type
const HEX = '`0x${string}`';

/** Contents by path from the root. */
type Files = ReadonlyMap<string, string>;

interface Output {
  readonly filename: string;
  readonly content: string;
}

async function generateAll(): Promise<Files> {
  const sdl = printSchema(lexicographicSortSchema(schema));
  const outputs = [
    { filename: 'schema.graphql', content: sdl },
    // The rest of what comes finds a document by its text, which nobody does here, and carries every text twice.
    ...(await clientDocuments(sdl))
      .filter(({ filename }) => filename.endsWith('/graphql.ts'))
      .map(({ filename, content }) => ({ filename, content: withTextAlone(content) })),
    { filename: 'server/devchain/contracts/artifacts.json', content: compileContracts() },
  ];
  return new Map(outputs.map(({ filename, content }) => [filename, `${content.trimEnd()}\n`]));
}

async function clientDocuments(sdl: string): Promise<Output[]> {
  return generate(
    {
      cwd: ROOT,
      silent: true,
      schema: sdl,
      documents: 'client/documents.graphql',
      generates: {
        [`${CLIENT_GQL}/`]: {
          preset: 'client',
          presetConfig: { fragmentMasking: false },
          config: {
            documentMode: 'string',
            importExtension: '.ts',
            useTypeImports: true,
            immutableTypes: true,
            strictScalars: true,
            scalars: {
              Address: { input: `${HEX} | 'native'`, output: HEX },
              Hash: HEX,
              BigInt: 'string',
              DateTime: 'string',
              URL: 'string',
            },
          },
        },
      },
    },
    false,
  );
}

const TYPED_DOCUMENT = `/** The text of an operation, which knows of what type its variables and its result are. */
export type TypedDocumentString<TResult, TVariables> = string & {
  readonly __apiType?: (variables: TVariables) => TResult;
};
`;

/**
 * Makes each document its text and nothing else: no instance of a class that whoever bundles must keep, no import of a
 * package that users of the client do not have, no fragment that is in every operation already, no white space.
 */
function withTextAlone(content: string): string {
  return content
    .replace(/^import type { DocumentTypeDecoration } .*\n/m, '')
    .replace(/^export class TypedDocumentString<[\s\S]*?^}\n/m, TYPED_DOCUMENT)
    .replace(/^export const \w+FragmentDoc = [\s\S]*?;\n/gm, '')
    .replace(
      /^(export const \w+Document =) new TypedDocumentString\(`([^`]*)`[\s\S]*?\) as unknown as (.*);$/gm,
      (_, name: string, text: string, type: string) =>
        `${name}\n  '${stripIgnoredCharacters(text)}' as ${type};`,
    );
}

/** Paths whose content on disk is not what was generated, and generated ones that have no source any more. */
async function staleFiles(files: Files): Promise<string[]> {
  const present = (await readdir(join(ROOT, CLIENT_GQL)).catch(() => [])).map(
    (name) => `${CLIENT_GQL}/${name}`,
  );
  const stale = present.filter((path) => !files.has(path));
  for (const [path, content] of files)
    if ((await readFile(join(ROOT, path), 'utf8').catch(() => undefined)) !== content) stale.push(path);
  return stale;
}

async function write(files: Files, stale: readonly string[]): Promise<void> {
  for (const path of stale) {
    const content = files.get(path);
    const file = join(ROOT, path);
    if (content === undefined) {
      await rm(file);
      continue;
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

const files = await generateAll();
const stale = await staleFiles(files);
if (!process.argv.includes('--check')) {
  await write(files, stale);
} else if (stale.length > 0) {
  console.error(`Stale, run \`npm run codegen\`:\n${stale.map((path) => `  ${path}`).join('\n')}`);
  process.exitCode = 1;
}
