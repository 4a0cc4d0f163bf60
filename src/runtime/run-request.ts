/** What is asked of a run, and what is told of one that ended well. */

import type { Spent } from "../sandbox/index.ts";
import type { Actor } from "./actor.ts";
import type { Limits, Wishes } from "./limits.ts";
import type { TurnDone } from "./turn/close-turn.ts";

export interface RunRequest {
  readonly namespace: string;
  readonly action: string;
  /** A JSON value. */
  readonly input: unknown;
  readonly limits?: Wishes;
  readonly actor?: { readonly kind: string; readonly id?: string | undefined };
  /** The caller's own name for it; one is made otherwise. */
  readonly request_id?: string | undefined;
  /** Through which door it came. */
  readonly host: "cli" | "api" | "library";
  readonly token: string | undefined;
  /** Of a turn: the session it continues; a new one otherwise. */
  readonly session?: string | undefined;
  /** The run whose agent asked for this one, as a tool. */
  readonly parent?: ParentRun;
}

export interface ParentRun {
  readonly run_id: string;
  readonly request_id: string;
  /** Of this run: 1 for the first that a run asks for. */
  readonly depth: number;
  /** What it may spend at most. */
  readonly left: Spent;
  /** Told once, when it ended, whatever became of it. */
  readonly onSpent: (spent: Spent) => void;
}

export interface RunResult {
  readonly namespace: string;
  readonly action: string;
  readonly run_id: string;
  readonly request_id: string;
  /** Id of the ledger entry. */
  readonly event_id: string;
  readonly actor: Actor;
  readonly duration_ms: number;
  readonly input_bytes: number;
  /** Of the result as JSON. */
  readonly output_bytes: number;
  /** The wall it ran behind. */
  readonly layer: string;
  /** Where that layer is weaker than bubblewrap: the approval that lets it. */
  readonly accepted?: string;
  readonly limits: Limits;
  readonly resources?: unknown;
  readonly denials: readonly unknown[];
  /** Of a turn. */
  readonly turn?: TurnDone;
  readonly result: unknown;
}
