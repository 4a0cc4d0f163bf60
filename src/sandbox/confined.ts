/** A program behind the wall: what is asked for, and what is told of it. */
import type { Effects } from "../effects/index.ts";
import type { LayerName } from "./layer.ts";
import type { BrokerGrant, SandboxProfile } from "./profile.ts";

export type ConfineNeeds = Pick<
  Effects,
  "fs" | "subprocess" | "programs" | "sockets" | "host" | "random" | "clock" | "signal" | "locks"
>;

export interface ConfineLimits {
  /** Of the whole tree. */
  readonly memory_bytes_max: number;
  /** Processes and threads of the whole tree; Node alone has about 12. */
  readonly processes_max: number;
  /** Of /tmp, and again of /dev/shm. */
  readonly temp_bytes_max: number;
  /** Of each process. */
  readonly cpu_s_max?: number;
  /** From the start of the program; undefined for a worker, which its owner ends. */
  readonly timeout_ms?: number;
  /** Of stdout in all; undefined for a worker, whose owner counts by message. */
  readonly output_bytes_max?: number;
}

export interface ConfineRequest {
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
  };
  /** Absolute; the plane's root when not given. */
  readonly cwd?: string;
  /** All of it at once; the text `pipe` for none: the caller writes and ends. */
  readonly stdin: Uint8Array | string;
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

/** One line of JSON from the agent; what is answered goes back as one line. */
export interface Broker {
  /**
   * @returns what the agent gets, and what it cost; the meter is held against the grant after each call
   * @param call what the agent sent: `{id, tool, input}`; a tool that was not granted never arrives here
   */
  call(call: { readonly tool: string; readonly input: unknown; readonly grant: BrokerGrant }): Promise<{
    readonly result: unknown;
    readonly tokens: number;
    readonly cost_units: number;
  }>;
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
  "tool",
  "tokens",
  "cost",
] as const;
export type DenialRule = (typeof DENIAL_RULES)[number];

export interface Denial {
  readonly rule: DenialRule;
  /** Path, domain with port, program, tool or number; at most 400 characters, one line. */
  readonly subject: string;
  /** What to ask for; absent where no permission would allow it. */
  readonly scope?: string;
  /** Who saw it. The kernel denies more than is reported: only what somebody saw is listed. */
  readonly seen_by: "python" | "node" | "proxy" | "broker";
}

export interface Usage {
  readonly duration_ms: number;
  /** Of the whole tree. */
  readonly peak_memory_bytes: number;
  readonly memory_measured: "cgroup" | "sampled";
  readonly cpu_ms: number;
  readonly cpu_measured: "cgroup" | "rusage" | "sampled";
  /** Metered by the broker. */
  /** Programs still running when the one we started had ended, by name; they ended with it. Absent where nobody could see. */
  readonly processes_left?: readonly string[];
  /** Ports of the sandbox somebody still listened at then. */
  readonly ports_left?: readonly number[];
  readonly tokens?: number;
  readonly cost_units?: number;
}

export interface Outcome {
  readonly ended: Ending;
  /** 128 and the number of the signal for a program that was killed; null where it was ended from outside. */
  readonly exit_code: number | null;
  readonly usage: Usage;
  readonly denials: readonly Denial[];
  /** Denials beyond the ones listed. */
  readonly denials_dropped: number;
  /** The last 64 KiB of what it said. */
  readonly stderr: string;
}

export interface Confined {
  /** The layer that is the wall, and the layers that add. */
  readonly layer: LayerName;
  readonly adds: readonly string[];
  /** Of the first process on our side of the wall. */
  readonly pid: number;
  readonly stdin: { write(bytes: Uint8Array | string): Promise<void>; end(): void };
  /** Must be read, or the program waits when the pipe is full; ends with the tree, or at the limit. */
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Kills the whole tree. */
  kill(): void;
  /** When nothing of the tree lives any more. @throws SANDBOX_NOT_STARTED; the reason of a signal that aborted */
  readonly done: Promise<Outcome>;
}
