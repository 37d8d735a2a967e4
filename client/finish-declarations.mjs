import { glob, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The second step of the build. The compiler writes `.js` for `.ts` where code is imported, but not where types are:
 * compilers find their way from `./client.ts` to `./client.d.ts`, other tools that read declarations do not.
 */
const DIST = join(import.meta.dirname, 'dist');

for await (const path of glob('**/*.d.ts', { cwd: DIST })) {
  const file = join(DIST, path);
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace(/(\bfrom |\bimport\(|\bimport )(['"])(\.[^'"]*)\.tsx?\2/g, '$1$2$3.js$2'),
  );
}
