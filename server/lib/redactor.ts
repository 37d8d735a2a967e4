/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** What stands in their place. */
const REDACTED = '[secret]';
/** What is shorter is part of too many words to be taken out of them, and too short to keep a secret. */
export const LEAST_SECRET_LENGTH = 6;
/** A text within JSON within JSON: an answer that quotes a request, in a line of the log. */
const ESCAPED_TIMES = 2;

/**
 * Replaces every secret in a text, however it is written: as it is, percent-encoded or decoded, escaped for JSON,
 * in base64, in any case. Works on a whole line of JSON, which stays JSON.
 */
export function createRedactor(secrets: Iterable<string>): Redact {
  const forms = new Set([...secrets].filter(({ length }) => length >= LEAST_SECRET_LENGTH).flatMap(formsOf));
  if (forms.size === 0) return (text) => text;
  // The longest first, so that nothing of it is left over where another is a part of it.
  const longestFirst = [...forms].sort((one, other) => other.length - one.length);
  const expression = new RegExp(longestFirst.map(pattern).join('|'), 'gi');
  return (text) => text.replace(expression, REDACTED);
}

function formsOf(secret: string): string[] {
  const decoded = percentDecoded(secret);
  const written = [secret, decoded, encodeURIComponent(decoded), encodeURI(decoded)];
  const encoded = [secret, decoded].map((text) => Buffer.from(text).toString('base64').replace(/=+$/, ''));
  const urlSafe = encoded.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [...written, ...encoded, ...urlSafe].flatMap(escapedForms);
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As it is, and as it stands in JSON, and in JSON that is quoted in JSON. */
function escapedForms(text: string): string[] {
  const forms = [text];
  for (let times = 0; times < ESCAPED_TIMES; times += 1)
    forms.push(JSON.stringify(forms.at(-1) ?? '').slice(1, -1));
  return forms;
}

/**
 * Digits alone are left where they are a part of a longer number, or seem to be a number of JSON by themselves: a
 * line would not be JSON any more.
 */
function pattern(form: string): string {
  const literal = form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  return /^\d+$/.test(form) ? `(?<!\\d)(?:(?<![[:,])${literal}|${literal}(?![\\]},]))(?!\\d)` : literal;
}
