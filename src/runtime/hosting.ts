/** What a host offers to runs. */
import type { Broker } from "../sandbox/index.ts";

export interface Hosting {
  /** Undefined where there is none. Asked only when one is needed. A path alone, absolute, is asked for its files. */
  readonly interpreter: (runtime: "python" | "node") => Promise<string | KnownInterpreter | undefined>;
  /** Whether somebody accepted, by name and for a time, that plugins run behind a weaker layer. */
  readonly accepts_weaker: () => boolean;
  /** Who answers the tool calls of agents; without one they get no answer. */
  readonly broker?: Broker;
}

/** One that said already what it needs. */
export interface KnownInterpreter {
  /** Absolute. */
  readonly executable: string;
  /** Absolute files and folders. */
  readonly files: readonly string[];
}
