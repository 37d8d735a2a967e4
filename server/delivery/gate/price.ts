/**
 * What counts as more than one request: what a request costs grows with the pairs that it begins to watch or is told,
 * and the tokens of one session are what one request may be about.
 */
const PAIRS_A_REQUEST = 1000;

/** Of a stream, all in all, by the pairs that it begins with. */
export function requestsOfPairs(pairs: number): number {
  return Math.max(1, Math.ceil(pairs / PAIRS_A_REQUEST));
}

/** Of a session that is written, or streamed from: its tokens, and once more for each who may spend them. */
export function requestsOfSession(spenders: number): number {
  return 1 + spenders;
}
