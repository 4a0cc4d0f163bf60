/** Between the checks and the answer: the slot, the note of what began, and the one entry of how it ended. */
import type { Effects } from "../effects/index.ts";
import { compileSchema } from "../json-schema/index.ts";
import { type Details, type Fault, type Json, prefixed, sha256Hex } from "../kernel/index.ts";
import { secretOf, type Plane } from "../plane/index.ts";
import { lastWords } from "../sandbox/index.ts";
import { type ConfigValues, configFor } from "./config.ts";
import { environmentFor, type RunEnvironment } from "./environment.ts";
import { type Answer, readAnswer, requestLine, UNKNOWN_ACTION } from "./exchange.ts";
import { make } from "./faults.ts";
import type { Hosting } from "./hosting.ts";
import { changedSince } from "./installed-code.ts";
import { valuesOf } from "./limits.ts";
import type { Prepared } from "./prepare.ts";
import { type RunEnd, type RunFacts, recordEnd } from "./record.ts";
import { type Redactor, redactorOf } from "./redact.ts";
import type { RunRequest, RunResult } from "./run-action.ts";
import { LOG_BYTES_MAX, writeRunLog } from "./run-log.ts";
import { type Slot, takeSlot } from "./slots.ts";

/** A run that holds its slot. */
export interface Begun {
  readonly prepared: Prepared;
  readonly facts: RunFacts;
  readonly slot: Slot;
  readonly started_at: string;
  readonly began_ms: number;
  readonly environment: RunEnvironment;
  /** Secret. Goes to the process and nowhere else. */
  readonly line: string;
  readonly redactor: Redactor;
}

/** What became of the process, whatever ran it. */
export interface Ended {
  readonly how: "exited" | "timed_out" | "output_too_large" | "memory_exceeded" | "broker_exceeded" | "stopped";
  readonly exit_code: number | null;
  readonly stdout: Uint8Array;
  readonly stderr: string;
  readonly stderr_is_cut: boolean;
  readonly layer: string;
  readonly resources?: Json;
  readonly denials: readonly Json[];
  /** Why nothing ran, or why it was stopped from outside. */
  readonly thrown?: unknown;
}
