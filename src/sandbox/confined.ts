/** A program behind the wall: what is asked for, and what is told of it. */
import type { Effects } from "../effects/index.ts";
import type { LayerName } from "./layer.ts";
import type { BrokerGrant, SandboxProfile } from "./profile.ts";

export type ConfineNeeds = Pick<
  Effects,
  "fs" | "subprocess" | "programs" | "sockets" | "host" | "random" | "clock" | "signal" | "locks"
>;

/** Of one call. */
export interface CallLimits {
  /** From when it begins; undefined for a worker, which its owner ends. */
  readonly timeout_ms?: number;
  /** Of stdout in all; undefined for a worker, whose owner counts by message. */
  readonly output_bytes_max?: number;
}

export interface ConfineLimits extends CallLimits {
  /** Of the whole tree. */
  readonly memory_bytes_max: number;
  /** Processes and threads of the whole tree; Node alone has about 12. */
  readonly processes_max: number;
  /** Of /tmp, and again of /dev/shm. */
  readonly temp_bytes_max: number;
}

/** All that is known before it begins. */
export interface StartRequest {
  readonly profile: SandboxProfile;
  /** Absolute, links resolved: what the globs of the profile are relative to. */
  readonly plane_root: string;
  readonly program: {
    /** Interpreter: Python 3 or Node, absolute, from outside the plane or from an environment of ours. */
    readonly executable: string;
    /** Of Node, as "24.1.0": from 22 on it can say what it was denied. */
    readonly version?: string;
    /** What it needs to be there beside the system's own libraries: `interpreterFiles`, an environment's folders. */
    readonly readable: readonly string[];
    /** Absolute file that is run. */
    readonly entrypoint: string;
    readonly args?: readonly string[];
    /** Without the part of its interpreter that says what was denied: what is left is the wall. For those who try it out. */
    readonly is_bare?: boolean;
    /** Its interpreter starts, and waits for our word before it opens the entrypoint. Not of one that is bare. */
    readonly is_held?: boolean;
  };
  /** Absolute; the plane's root when not given. */
  readonly cwd?: string;
  /** Values of the names that the profile lets through, and of ours. Nothing else of the caller's environment is there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bytes shown read-only at absolute paths, instead of what lies there: files that were checked when they were opened. */
  readonly overlays?: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** Absolute paths that are not there for the program. */
  readonly hidden?: readonly string[];
  /** Who answers an agent. */
  readonly broker?: Broker;
  /** Called with what it says on stderr as it comes. */
  readonly onStderr?: (bytes: Uint8Array) => void;
  readonly limits: ConfineLimits;
  readonly signal?: AbortSignal;
}

export interface ConfineRequest extends StartRequest {
  /** All of it at once; the text `pipe` for none: the caller writes and ends. */
  readonly stdin: Uint8Array | string;
}

/** What a call took, in whole units. */
export interface Spent {
  readonly tokens: number;
  readonly cost_units: number;
}

/** What one tool took of a run. */
export interface ToolUse extends Spent {
  readonly calls: number;
  /** Of the calls, those that had an error for an answer; `problem`: code of the last. */
  readonly failed: number;
  readonly problem?: string;
}

export interface BrokerCall {
  readonly tool: string;
  readonly input: unknown;
  readonly grant: BrokerGrant;
  /** Of the grant. */
  readonly left: Spent;
  /** Aborted when the run ends before the answer. */
  readonly signal: AbortSignal;
}

/** What the agent gets, and what it took. A number that is left out is not known, and counts as all that is left. */
export type Brokered = { readonly [unit in keyof Spent]?: number | undefined } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: string; readonly message: string; readonly next_step?: string } }
);

/** Who answers an agent. A tool that was not granted never arrives here. */
export interface Broker {
  /** What a call of a tool takes at least: a call for which less is left is not made, and the run ends. */
  atLeast?(tool: string): Spent;
  /** What it took is held against the grant after each call. @throws where nothing was spent */
  call(call: BrokerCall): Promise<Brokered>;
}

export type Ending =
  | "exited"
  | "timed_out"
  | "output_too_large"
  | "memory_exceeded"
  | "broker_exceeded"
  /** By `kill`, or by a signal. */
  | "stopped";

export const DENIAL_RULES = [
  "files.read",
  "files.write",
  "subprocess",
  "network",
  /** A call of the kernel that no permission allows. */
  "system",
  "tool",
  "tokens",
  "cost",
] as const;
export type DenialRule = (typeof DENIAL_RULES)[number];

export interface Denial {
  readonly rule: DenialRule;
  /** Path, domain with port, program, system call, tool or number; at most 400 characters, one line. */
  readonly subject: string;
  /** What to ask for; absent where no permission would allow it. */
  readonly scope?: string;
  /**
   * Who saw it. The kernel sees what no interpreter does, as a call made by number.
   */
  readonly seen_by: "python" | "node" | "kernel" | "proxy" | "broker";
}

export interface Usage {
  readonly duration_ms: number;
  /** Its interpreter had started before the call: what that took is in the rest of these figures, but not in the duration. */
  readonly started_ahead?: true;
  /** Of the whole tree. */
  readonly peak_memory_bytes: number;
  readonly memory_measured: "cgroup" | "sampled";
  readonly cpu_ms: number;
  readonly cpu_measured: "cgroup" | "rusage" | "sampled";
  /** Programs still running when the one we started had ended, by name; they ended with it. Absent where nobody could see. */
  readonly processes_left?: readonly string[];
  /** Ports of the sandbox somebody still listened at then. */
  readonly ports_left?: readonly number[];
  /** Metered by the broker; absent where there is none. */
  readonly tokens?: number;
  readonly cost_units?: number;
  /** The ceiling that was passed. */
  readonly exceeded?: "tokens" | "cost";
  /** By the name of each tool that was called. */
  readonly tools?: Readonly<Record<string, ToolUse>>;
}

export interface Outcome {
  readonly ended: Ending;
  /** 128 and the number of the signal for a program that was killed; null where it was ended from outside. */
  readonly exit_code: number | null;
  readonly usage: Usage;
  readonly denials: readonly Denial[];
  /** Denials beyond the ones listed. */
  readonly denials_dropped: number;
  /** Whether calls that the kernel denied are among them: not where the wall stands in one that is watched, or the kernel is old. */
  readonly is_watched: boolean;
  /** The last 64 KiB of what it said. */
  readonly stderr: string;
}

export interface Confined {
  /** The layer that is the wall. */
  readonly layer: LayerName;
  /** Of the first process on our side of the wall. */
  readonly pid: number;
  readonly stdin: { write(bytes: Uint8Array | string): Promise<void>; end(): void };
  /** Must be read, or the program waits when the pipe is full; ends with the tree, or at the limit. */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** What the tree used so far, asked between calls; undefined before the wall stands. */
  sample(): { readonly peak_memory_bytes: number; readonly cpu_ms: number } | undefined;
  /** Denials since it was last asked, between calls; what is left is told at its end. */
  takeDenials(): Pick<Outcome, "denials" | "denials_dropped" | "is_watched">;
  /** Kills the whole tree. */
  kill(): void;
  /** When nothing of the tree lives any more. @throws SANDBOX_NOT_STARTED; the reason of a signal that aborted */
  readonly done: Promise<Outcome>;
}
