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
  /** As above, of one address that is no proxy's. */
  readonly connectionsPerAddress: number;
  /** Of all bodies that are being received, counted by what they may grow to. */
  readonly bodyBytes: number;
  /** Of those of one address: a few clients that send nothing more must not keep everybody out. */
  readonly bodyBytesPerAddress: number;
  /** Of all that waits for clients to read it. */
  readonly unsentBytes: number;
}

export const LIMITS: Omit<HttpLimits, 'connections' | 'connectionsPerAddress'> = {
  headersMs: 15_000,
  requestMs: 30_000,
  checkEveryMs: 5000,
  keepAliveMs: 65_000,
  bodyBytes: 256 * 1024 * 1024,
  bodyBytesPerAddress: 32 * 1024 * 1024,
  unsentBytes: 256 * 1024 * 1024,
};
