import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../client', import.meta.url));

/** For bundlers: the client package by its name, as it stands here and not as it was last built. */
export const clientSource = [
  { find: /^@balance-stream\/client$/, replacement: `${CLIENT}/index.ts` },
  { find: /^@balance-stream\/client\/(\w+)$/, replacement: `${CLIENT}/$1/index.ts` },
];
