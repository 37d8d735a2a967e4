/** An endpoint's name for logs, health and metrics: the host alone. Keys stand in paths, queries and user-info. */
export function redact(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
