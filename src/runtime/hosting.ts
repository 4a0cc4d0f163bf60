/** What a host offers to runs. */
import type { Broker } from "../sandbox/index.ts";

export interface Hosting {
  /** Absolute; undefined where there is none. Asked only when one is needed. */
  readonly interpreter: (runtime: "python" | "node") => Promise<string | undefined>;
  /** Whether somebody accepted, by name and for a time, that plugins run behind a weaker layer. */
  readonly accepts_weaker: () => boolean;
  /** Who answers the tool calls of agents; without one they get no answer. */
  readonly broker?: Broker;
}
