/** Talks to a host program: one process an order, one JSON document an answer. */
import type { Effects } from "../../effects/index.ts";
import { isRecord } from "../json-match.ts";
import type { HostProgram } from "./hosts.ts";

export interface HostAnswer {
  readonly exit_code: number;
  readonly document: Readonly<Record<string, unknown>>;
  readonly stderr: string;
}

export interface Interpreters {
  readonly node: string;
  /** Absolute; undefined where none was found. */
  readonly python: string | undefined;
}

export interface Order {
  readonly words: readonly string[];
  readonly stdin?: string;
  /** Absolute; the order sees its `home` and `tmp`. */
  readonly folder: string;
}

type Needs = Pick<Effects, "subprocess" | "signal">;

const LIMITS = { timeout_ms: 120_000, stdout_bytes_max: 16 << 20 };
const STDERR_CHARS_MAX = 500;

/** A program that does not answer with an object, or cannot be started, has exit code -1. */
export async function order(
  { subprocess, signal }: Needs,
  host: HostProgram,
  interpreters: Interpreters,
  { words, stdin, folder }: Order,
): Promise<HostAnswer> {
  const [program = "", ...rest] = host.command;
  const named =
    program === "node" ? interpreters.node : program === "python3" ? interpreters.python : program;
  try {
    const done = await subprocess.run({
      argv: [named ?? program, ...rest, ...words],
      cwd: host.folder ?? folder,
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: `${folder}/home`,
        TMPDIR: `${folder}/tmp`,
        LC_ALL: "C.UTF-8",
        ...markOf(folder),
      },
      ...(stdin === undefined ? {} : { stdin }),
      limits: LIMITS,
      signal,
    });
    const stderr = done.stderr.slice(-STDERR_CHARS_MAX);
    const document: unknown = JSON.parse(done.stdout.toString("utf8"));
    if (isRecord(document)) return { exit_code: done.exit_code ?? -1, document, stderr };
    return { exit_code: -1, document: {}, stderr };
  } catch (error) {
    signal.throwIfAborted();
    return { exit_code: -1, document: {}, stderr: error instanceof Error ? error.message : String(error) };
  }
}

/** By which the processes of a world are known. */
export const markOf = (folder: string): Record<string, string> => ({
  HOLDFAST_GOLDEN: folder.slice(folder.lastIndexOf("-") + 1),
});

/** What a refusal says; undefined where it refused nothing. */
export function refusalIn({ document }: HostAnswer): { code: string; message: string } | undefined {
  const { error } = document;
  if (!isRecord(error)) return undefined;
  return { code: String(error["code"]), message: String(error["message"]) };
}
