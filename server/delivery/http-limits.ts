/** What a stranger can take up of the process. */
export interface HttpLimits {
  /** A client that says nothing, or dribbles its headers, is cut off; so is one that dribbles its body. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly checkEveryMs: number;
  /** Longer than the minute for which balancers keep theirs, so that it is never us who close first. */
  readonly keepAliveMs: number;
  /** Past it connections are closed as they come. */
  readonly connections: number;
  /** Of all bodies that are being received, counted by what they may grow to. */
  readonly bodyBytes: number;
  /** Of all that waits for clients to read it. */
  readonly unsentBytes: number;
}

export const LIMITS: Omit<HttpLimits, 'connections'> = {
  headersMs: 15_000,
  requestMs: 30_000,
  checkEveryMs: 5000,
  keepAliveMs: 65_000,
  bodyBytes: 256 * 1024 * 1024,
  unsentBytes: 256 * 1024 * 1024,
};
