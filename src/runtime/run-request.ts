/** What is asked of a run, and what is told of one that ended well. */
import type { Actor } from "./actor.ts";
import type { Limits, Wishes } from "./limits.ts";

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
  readonly result: unknown;
}
