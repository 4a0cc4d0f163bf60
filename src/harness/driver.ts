/** How the harness asks for operations: handed in from above, so that it runs the very code a user runs. */
import type { FaultJson } from "../kernel/index.ts";

/** A plane under test, and the surroundings its commands see. */
export interface Place {
  readonly root: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names that lead to the loopback device, at a port. */
  readonly names: ReadonlyMap<string, number>;
  /** Milliseconds added to the clock of the machine. */
  readonly ahead_ms: number;
}

export interface Call {
  /** As in the table of operations: `plugin enable`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly token?: string;
  /** As `pkg failpoints` explains. */
  readonly failpoints?: string;
  /** Octal, as `umask` takes it: the command runs apart. */
  readonly umask?: string;
  /** What a person types, a line a question: the command runs at a real terminal, apart. Without it nobody is there. */
  readonly typed?: readonly string[];
}

export interface Answer {
  /** 137 where it was killed. */
  readonly exit_code: number;
  /** What `--json` prints; null where it printed nothing. */
  readonly document: unknown;
  readonly fault: FaultJson | null;
  /** Failure points that were reached, as told. */
  readonly reached: readonly string[];
}

export interface Driver {
  /** In this process: what most steps use. */
  readonly within: (place: Place, call: Call) => Promise<Answer>;
  /** The command in a process of its own: what can be killed, and what must not share a memory. */
  readonly apart: (place: Place, call: Call) => Promise<Answer>;
}
