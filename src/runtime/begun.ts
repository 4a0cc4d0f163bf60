/** A run between its slot and its entry, and what became of its process. */
import type { Json } from "../kernel/index.ts";
import type { Declared } from "./broker/read-config.ts";
import type { RunEnvironment } from "./environment.ts";
import type { Prepared } from "./prepare.ts";
import type { RunFacts } from "./record.ts";
import type { Redactor } from "./redact.ts";
import type { Slot } from "./slots.ts";
import type { OpenTurn } from "./turn/open-turn.ts";

/** A run that holds its slot. */
export interface Begun {
  readonly prepared: Prepared;
  readonly facts: RunFacts;
  readonly slot: Slot;
  readonly began_ms: number;
  readonly environment: RunEnvironment;
  /** Of an agent: who answers it, as declared when it began. */
  readonly declared: Declared | undefined;
  /** Of a turn. */
  readonly turn: OpenTurn | undefined;
  /** The request as it goes to the process, to a worker with an id. Secret, since the configuration is in it. */
  readonly lineFor: (id?: string) => string;
  readonly redactor: Redactor;
}

/** What became of the process, whatever ran it. */
export interface Ended {
  readonly how:
    | "exited"
    | "timed_out"
    | "output_too_large"
    | "memory_exceeded"
    | "broker_exceeded"
    | "stopped";
  readonly exit_code: number | null;
  /** One answer, or what there is of it. */
  readonly stdout: Uint8Array;
  /** What a worker has to answer with. */
  readonly call_id?: string;
  readonly stderr: string;
  readonly stderr_is_cut: boolean;
  readonly layer: string;
  readonly resources?: Json;
  readonly denials: readonly Json[];
  /** Denials beyond those. */
  readonly denials_dropped?: number;
  /** Whether what the kernel denied is among them. */
  readonly is_watched?: boolean;
  /** Why it was stopped from outside. */
  readonly thrown?: Error;
}
