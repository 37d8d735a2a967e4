/**
 * Compiles the Solidity of this folder into artifacts.json, which is committed: compiling takes seconds, and
 * tests and `npm run dev` should not wait for it.
 *
 *     node server/devchain/contracts/compile.ts          writes artifacts.json
 *     node server/devchain/contracts/compile.ts --check  exits 1 where it is stale
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import solc from 'solc';

interface Compiled {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, CompiledContract>>>>;
}

interface CompiledContract {
  readonly abi: readonly AbiEntry[];
  readonly evm: { readonly bytecode: Code; readonly deployedBytecode: Code };
}

interface Code {
  readonly object: string;
}

interface AbiEntry {
  readonly type: string;
  readonly name?: string;
}

const FOLDER = new URL('./', import.meta.url);
const OUTPUT = new URL('artifacts.json', FOLDER);

/** The text of artifacts.json: the same sources always make the same text. Throws with solc's own messages. */
export function compileContracts(): string {
  const sources = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sol'))
    .sort();
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      sources.map((file) => [file, { content: readFileSync(new URL(file, FOLDER), 'utf8') }]),
    ),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'cancun',
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
  const { errors = [], contracts = {} } = JSON.parse(
    solc.compile(JSON.stringify(input), { import: readPackage }),
  ) as Compiled;
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));

  const named = sources.flatMap((file) => Object.entries(contracts[file] ?? {}));
  const lines = named
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, contract]) => `${JSON.stringify(name)}:${JSON.stringify(artifact(contract))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function artifact({ abi, evm }: CompiledContract) {
  return {
    abi: abi.filter(({ type }) => type !== 'error').map(withoutInternalTypes),
    bytecode: `0x${evm.bytecode.object}`,
    deployedBytecode: `0x${evm.deployedBytecode.object}`,
  };
}

function withoutInternalTypes(entry: AbiEntry): unknown {
  return JSON.parse(JSON.stringify(entry, (key, value) => (key === 'internalType' ? undefined : value)));
}

/** Imports other than of this folder's files are of npm packages. */
function readPackage(path: string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(createRequire(import.meta.url).resolve(path), 'utf8') };
  } catch (error) {
    return { error: `${path}: ${String(error)}` };
  }
}

if (import.meta.main) {
  const text = compileContracts();
  if (!process.argv.includes('--check')) writeFileSync(OUTPUT, text);
  else if (readFileSync(OUTPUT, 'utf8') !== text) {
    console.error('artifacts.json is stale: run `node server/devchain/contracts/compile.ts`');
    process.exit(1);
  }
}
