import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Door, pathOf, problem, readsOnly, sendJson } from './answer.ts';
import { createStaticFile, inlineHashes, pageHeaders, type StaticFile, sendStaticFile } from './static.ts';

/**
 * `/docs`: Swagger UI over `/openapi.json`, with nothing from elsewhere. What it is made of comes out of its
 * package, read when it is first asked for.
 */
const PACKAGE = 'swagger-ui-dist';
const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const;

type Asset = keyof typeof ASSETS;

/** No badge of an online validator, and no address but those of this server's own document. */
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>balance-stream: REST</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null, queryConfigEnabled: false });
</script>
</body>
</html>
`;

const HEADERS = pageHeaders({
  'script-src': `'self' ${inlineHashes(PAGE, 'script')}`,
  'style-src': "'self'",
  'connect-src': "'self'",
  'img-src': 'data:',
});

export function createDocs(): Door {
  const page = createStaticFile(PAGE);
  const assets = new Map<Asset, Promise<StaticFile>>();
  const { resolve } = createRequire(import.meta.url);

  function read(name: Asset): Promise<StaticFile> {
    const known = assets.get(name);
    if (known) return known;
    const file = readFile(resolve(`${PACKAGE}/${name}`)).then(createStaticFile);
    assets.set(name, file);
    file.catch(() => assets.delete(name));
    return file;
  }

  return async (request, response) => {
    if (!readsOnly(request, response)) return;
    const path = pathOf(request);
    if (path === '/docs') return sendStaticFile(request, response, page, HEADERS);
    const name = path.slice('/docs/'.length);
    if (!isAsset(name)) return sendJson(request, response, 404, problem(404, 'no such route'));
    await sendStaticFile(request, response, await read(name), { 'content-type': ASSETS[name] });
  };
}

function isAsset(name: string): name is Asset {
  return Object.hasOwn(ASSETS, name);
}
