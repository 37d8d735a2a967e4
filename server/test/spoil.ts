/** Spoils what a node answered, here and there: for tests of who must bear it. */

/** A whole number, 0 or more and less than that: from a seed, or from fast-check. */
export type Below = (count: number) => number;

type Path = readonly (string | number)[];

/** The value with one to three places in it spoiled; it may come out as it was. */
export function spoiled(value: unknown, below: Below): unknown {
  let copy = structuredClone(value);
  for (let times = 1 + below(3); times > 0; times -= 1) {
    const paths = pathsOf(copy);
    copy = replaced(copy, paths[below(paths.length)] ?? [], below);
  }
  return copy;
}

/** Its text, cut, with bytes turned, with a name twice, or with something before or after it. */
export function spoiledText(text: string, below: Below): Buffer {
  const bytes = Buffer.from(text);
  const at = below(bytes.length);
  switch (below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      bytes[at] = below(256);
      return bytes;
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xc3, 0x28, 0xff, 0]), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    case 4:
      return Buffer.concat([bytes, bytes.subarray(0, at)]);
    default:
      // The last of two of one name counts.
      return Buffer.from(text.replace(/}$/, `,"result":${JSON.stringify(odd(below))}}`));
  }
}

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || path.length > 6) return [path];
  const inside = Object.entries(value).slice(0, 50);
  return [path, ...inside.flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: Path, below: Below): unknown {
  if (key === undefined) return spoiledNode(value, below);
  const parent = value as Record<string, unknown>;
  if (rest.length === 0 && !Array.isArray(parent) && below(6) === 0) delete parent[key];
  else parent[key] = replaced(parent[key], rest, below);
  return value;
}

function spoiledNode(value: unknown, below: Below): unknown {
  if (typeof value === 'string' && below(3) > 0) return spoiledString(value, below);
  if (Array.isArray(value) && below(3) > 0) return spoiledList(value, below);
  return odd(below);
}

function spoiledList(list: readonly unknown[], below: Below): unknown[] {
  const at = below(list.length + 1);
  switch (below(4)) {
    case 0:
      return list.slice(0, at);
    case 1:
      return [...list, ...list.slice(at)];
    case 2:
      return list.toReversed();
    default:
      return list.toSpliced(at, 0, odd(below));
  }
}

function spoiledString(text: string, below: Below): string {
  const at = below(text.length + 1);
  const digit = below(16).toString(16);
  const ways = [
    () => text.slice(0, at),
    () => `${text.slice(0, at)}${digit}${text.slice(at + 1)}`,
    () => `${text.slice(0, at)}${digit}${text.slice(at)}`,
    () => `${text.slice(0, at)}${'g +_.\0\n\u{1f600}'[below(8)] ?? ''}${text.slice(at + 1)}`,
    () => text.toUpperCase(),
    () => ` ${text}`,
    () => `${text}\n`,
    () => `-${text}`,
    () => text.replace(/^0x/, ''),
    () => text.replace(/^0x/, '0x000'),
    () => `${text}${'0'.repeat(below(100))}`,
    () => String(Number(text)),
  ];
  return ways[below(ways.length)]?.() ?? text;
}

/** What is never an answer of ours, or hardly. */
export function odd(below: Below): unknown {
  const odds = [
    () => null,
    () => undefined,
    () => below(2) === 0,
    () => [0, -0, -1, 1.5, 1e21, 2 ** 53, -(2 ** 53), below(1000)][below(8)],
    () => ['', '0x', '0x0', '-0x1', '1e3', 'Infinity', '0x1.8', '0b1', ' ', 'null', '\ud800'][below(11)],
    () => `0x${'f'.repeat(below(80))}`,
    () => 'x'.repeat(below(5000)),
    () => [],
    () => ({}),
    () => [[]],
    () => nested(below(3000)),
    // Their conversion to text throws.
    () => ({ toString: null, valueOf: null }),
    () => ({ toString: 1, valueOf: 1, length: -1 }),
    () => JSON.parse('{"__proto__":{"number":"0x1"},"constructor":{"prototype":{}}}'),
    () => ({ number: '0x1', hash: `0x${'a'.repeat(64)}` }),
  ];
  return odds[below(odds.length)]?.();
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
