import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** As much of an OpenAPI document as is asked about here. https://spec.openapis.org/oas/v3.1.0 */
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema?: { readonly type?: string };
}
interface DocumentedResponse {
  readonly description: string;
  readonly headers?: Readonly<
    Record<string, { readonly required?: boolean; readonly schema: { type: string } }>
  >;
  /** None of a 101. */
  readonly content?: Content;
}
type Content = Readonly<Record<string, MediaType>>;
interface MediaType {
  readonly schema?: unknown;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
export type Method = 'get' | 'head' | 'post' | 'put' | 'delete' | 'patch';
type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, Operation>>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, SecurityScheme>> };
};
interface SecurityScheme {
  readonly scheme?: string;
  readonly in?: string;
  readonly name?: string;
}

/** What is asked of an operation: the parts of its path, and what goes with it. */
export interface Asked {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; text as it is. */
  readonly body?: unknown;
}

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The published document, held against what the server really answers. */
export class Contract {
  readonly document: OpenApi;
  /** `get /health 200`: what was answered so far. */
  readonly seen: Set<string>;
  readonly #url: string;
  readonly #ajv: Ajv2020;

  private constructor(url: string, document: OpenApi, seen = new Set<string>()) {
    this.seen = seen;
    this.#url = url;
    this.document = document;
    // The document around its schemas is no schema.
    this.#ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'openapi');
    // As the other, but what it does not name may not be there.
    this.#ajv.addSchema(closed(document) as object, 'closed');
  }

  static async of(url: string): Promise<Contract> {
    const response = await fetch(`${url}/openapi.json`);
    return new Contract(url, (await response.json()) as OpenApi);
  }

  /** The same document and one account of what was seen, of another server. */
  at(url: string): Contract {
    return new Contract(url, this.document, this.seen);
  }

  /** Every operation of the document. */
  get operations(): { method: Method; path: string; operation: Operation }[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method as Method, path, operation })),
    );
  }

  /** What the schema at a place in the document, as `#/components/schemas/Balance`, says of a value. */
  schemaAt(place: string, document: 'openapi' | 'closed' = 'openapi'): ValidateFunction {
    const validate = this.#ajv.getSchema(`${document}${place}`);
    if (!validate) throw new Error(`there is no schema at ${place}`);
    return validate;
  }

  /** Throws where the value is not what the schema at the place says; `closed`: where it holds more, too. */
  expectValid(place: string, value: unknown, document: 'openapi' | 'closed' = 'openapi'): void {
    const validate = this.schemaAt(place, document);
    if (!validate(value))
      throw new Error(`${JSON.stringify(value)} at ${place}: ${this.#ajv.errorsText(validate.errors)}`);
  }

  /** Every example of the document, and the place of the schema that it is an example of. */
  *examples(node: unknown = this.document, place = '#'): Generator<{ place: string; value: unknown }> {
    if (typeof node !== 'object' || node === null) return;
    const { schema, example, examples } = node as MediaType;
    const of = schema === undefined ? place : `${place}/schema`;
    if (example !== undefined) yield { place: of, value: example };
    for (const { value } of Object.values(examples ?? {})) yield { place: of, value };
    for (const [key, child] of Object.entries(node))
      if (key !== 'example' && key !== 'examples') yield* this.examples(child, `${place}/${pointer(key)}`);
  }

  /** Sends what is asked of an operation; the answer is not looked at. */
  send(method: Method, path: string, { params = {}, query, headers, body }: Asked = {}): Promise<Response> {
    const target = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params[name])));
    const search = query ? `?${new URLSearchParams(query)}` : '';
    return fetch(this.#url + target + search, {
      method: method.toUpperCase(),
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /**
   * Asks, and throws where the answer is not one that the document knows: its status, type, headers and body. Of
   * an operation with GET also HEAD is asked. Says the status and the body, of a stream the response itself.
   */
  async ask(method: Method, path: string, asked: Asked = {}): Promise<{ status: number; body: unknown }> {
    const answer = await this.check(method, path, await this.send(method, path, asked));
    if (method === 'get') {
      const head = await this.send('head', path, asked);
      this.#checkHead('get', path, head);
      if (head.status !== answer.status || (await head.text()) !== '')
        throw new Error(`HEAD ${path}: ${head.status}, unlike GET's ${answer.status}, or with a body`);
    }
    return answer;
  }

  /** As `ask`, of a request to become a WebSocket. */
  async upgrade(path: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number }> {
    const asked = request(this.#url + path, { headers: { ...HANDSHAKE, ...headers } }).end();
    const answer = await Promise.race([once(asked, 'upgrade'), once(asked, 'response')]);
    const [{ statusCode: status = 0, headers: answered }] = answer as [IncomingMessage];
    if (status === 101) {
      asked.destroy();
      if (!this.document.paths[path]?.get?.responses[status])
        throw new Error(`${path} 101 is not documented`);
      this.seen.add(`get ${path} ${status}`);
      return { status };
    }
    const body = await text(answer[0]);
    return await this.check(
      'get',
      path,
      new Response(body, { status, headers: answered as Record<string, string> }),
    );
  }

  async check(method: Method, path: string, response: Response): Promise<{ status: number; body: unknown }> {
    const { status } = response;
    const { place, type } = this.#checkHead(method, path, response);
    this.seen.add(`${method} ${path} ${status}`);
    if (type === 'text/event-stream') return { status, body: response };
    const text = await response.text();
    const body = type === 'application/json' ? JSON.parse(text) : text;
    this.expectValid(`${place}/content/${pointer(type)}/schema`, body, 'closed');
    return { status, body };
  }

  /** All but the body. */
  #checkHead(method: Method, path: string, { status, headers }: Response): { place: string; type: string } {
    const where = `${method} ${path} ${status}`;
    const documented = this.document.paths[path]?.[method]?.responses[status];
    if (!documented) throw new Error(`${where} is not documented`);
    const place = `#/paths/${pointer(path)}/${method}/responses/${status}`;
    for (const [name, { required, schema }] of Object.entries(documented.headers ?? {})) {
      const text = headers.get(name);
      if (text === null && required) throw new Error(`${where}: no header ${name}`);
      const value = schema.type === 'integer' ? Number(text) : text;
      if (text !== null) this.expectValid(`${place}/headers/${name}/schema`, value);
    }
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    if (!documented.content?.[type]) throw new Error(`${where}: answered as ${type || 'nothing'}`);
    return { place, type };
  }
}

/** A key as a part of a JSON pointer within a URL fragment. https://www.rfc-editor.org/rfc/rfc6901#section-6 */
export function pointer(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isOpen = 'properties' in copy && 'type' in copy && !('additionalProperties' in copy);
  return isOpen ? { ...copy, additionalProperties: false } : copy;
}
