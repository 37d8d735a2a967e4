/**
 * The one that this browser keeps under the key; the first that is asked for is new, and one is new for each client
 * where nothing can be kept.
 */
export function keptClientId(key: string): string {
  const made = newClientId();
  try {
    const kept = localStorage.getItem(key);
    if (kept && /^[\da-f-]{36}$/.test(kept)) return kept;
    localStorage.setItem(key, made);
  } catch {
    // Storage is denied, or full.
  }
  return made;
}

/** A random UUID, also where a page is not served securely and `crypto.randomUUID` is missing. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
  return hex.replace(/(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5');
}
