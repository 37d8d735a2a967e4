/** What one method cost: calls, and bytes of their JSON-RPC objects. */
export interface MethodCost {
  calls: number;
  bytesIn: number;
  bytesOut: number;
}

export interface UpstreamStats {
  /** JSON-RPC calls, each call of a batch counted: that is what a provider bills. */
  readonly calls: number;
  /** HTTP requests and WebSocket messages that carried them. */
  readonly messages: number;
  /** Bytes of bodies and messages, notifications included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** By method; notifications are under `eth_subscription`, and are no calls. */
  readonly methods: Readonly<Record<string, MethodCost>>;
}

/** Exact accounts of what came in and went out since the last reset. */
export class Meter {
  #messages = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #methods = new Map<string, MethodCost>();

  message(bytesIn: number, bytesOut: number): void {
    this.#messages++;
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
  }

  call(method: string, bytesIn: number, bytesOut: number): void {
    const cost = this.#cost(method);
    cost.calls++;
    cost.bytesIn += bytesIn;
    cost.bytesOut += bytesOut;
  }

  notification(bytesOut: number): void {
    this.#bytesOut += bytesOut;
    this.#cost('eth_subscription').bytesOut += bytesOut;
  }

  stats(): UpstreamStats {
    let calls = 0;
    for (const cost of this.#methods.values()) calls += cost.calls;
    return {
      calls,
      messages: this.#messages,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      methods: Object.fromEntries([...this.#methods].map(([method, cost]) => [method, { ...cost }])),
    };
  }

  reset(): void {
    this.#messages = 0;
    this.#bytesIn = 0;
    this.#bytesOut = 0;
    this.#methods.clear();
  }

  #cost(method: string): MethodCost {
    const known = this.#methods.get(method) ?? { calls: 0, bytesIn: 0, bytesOut: 0 };
    this.#methods.set(method, known);
    return known;
  }
}
