/** What a host offers to runs. */
export interface Hosting {
  /** Absolute; undefined where there is none. Asked only when one is needed. */
  readonly interpreter: (runtime: "python" | "node") => Promise<string | undefined>;
}
