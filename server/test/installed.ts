import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import manifest from '../../client/package.json' with { type: 'json' };

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What an application would have installed beside the client. */
const BESIDE = Object.keys(manifest.peerDependencies);
/** What TypeScript asks for, of packages that bring no types of their own. */
const TYPES = ['@types/react'];

/** A stranger's application, into which the client was installed from its tarball. */
export class Application implements AsyncDisposable {
  readonly folder: string;
  readonly #ownFolder: string;

  private constructor(ownFolder: string) {
    this.#ownFolder = ownFolder;
    this.folder = join(ownFolder, 'application');
  }

  static async create(): Promise<Application> {
    const own = await mkdtemp(join(tmpdir(), 'application-'));
    const application = new Application(own);
    const { folder } = application;
    await mkdir(join(folder, 'node_modules/@balance-stream'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    const pack = ['pack', '--ignore-scripts', '--pack-destination', own, '--workspace', 'client'];
    await run('npm', pack, { cwd: ROOT });
    const tarball = (await readdir(own)).find((name) => name.endsWith('.tgz')) ?? '';
    await run('tar', ['-xzf', join(own, tarball), '-C', own]);
    await rename(join(own, 'package'), join(folder, 'node_modules/@balance-stream/client'));
    for (const name of [...BESIDE, ...TYPES]) {
      const path = join(folder, 'node_modules', name);
      await mkdir(dirname(path), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), path);
    }
    return application;
  }

  /** Paths of everything that was in the tarball. */
  async packed(): Promise<readonly string[]> {
    const cwd = join(this.folder, 'node_modules/@balance-stream/client');
    const found = await readdir(cwd, { recursive: true });
    const isFile = await Promise.all(found.map(async (path) => (await lstat(join(cwd, path))).isFile()));
    return found.filter((_, index) => isFile[index]);
  }

  async write(path: string, text: string): Promise<void> {
    await writeFile(join(this.folder, path), text);
  }

  /** What a program says on its standard output; throws with all that it said where it fails. */
  async run(program: string, args: readonly string[]): Promise<string> {
    try {
      return (await run(program, args, { cwd: this.folder })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${stdout}${stderr}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#ownFolder, { recursive: true, force: true });
  }
}
