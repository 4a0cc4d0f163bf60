/** What a host offers to runs: interpreters, looked up only when one is needed. */
export interface Hosting {
  readonly interpreters: () => Promise<Interpreters>;
}

export interface Interpreters {
  /** Absolute. */
  readonly python?: string;
  readonly node?: string;
}
