/**
 * The shape of one operation. Declared once: flags, help, completion, and later HTTP routes derive from it
 * (design, principle 3). `scripts/generate.mjs` writes the table the CLI starts from, so zod loads only with the
 * operation that runs.
 */
import type { z } from "zod";
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { settleOwed } from "../ledger/index.ts";
import type { OnPhase } from "../lifecycle/index.ts";
import { openPlane, type Plane } from "../plane/index.ts";

/** What every operation gets besides its input. */
export interface Context {
  readonly effects: Effects;
  /** The plane named with --root; operations that need a plane open it with `planeOf`. */
  readonly root: string | undefined;
  /** Secret. Goes to `authorise` and nowhere else. */
  readonly token: string | undefined;
  readonly wait_ms: number | undefined;
  readonly version: string;
  /** Where the built worker entries and the shipped files lie. */
  readonly files: {
    readonly deflate_worker_url: URL;
    readonly scan_worker_url: URL;
    /** Without it long ledgers are verified by the thread that asks. */
    readonly ledger_worker_url?: URL;
    readonly package_directory: string;
    readonly launcher_script: string;
    readonly node: string;
  };
  /** What is piped in, up to so many bytes and one more; nothing where nobody pipes. */
  readonly readInput: (bytes_max: number) => Promise<Buffer>;
  readonly onPhase: OnPhase;
  /** Told what a long reading command is at. */
  readonly onProgress: (doing: string) => void;
  /** Text for people while a command that does not end by itself goes on; dropped where one JSON document is wanted. */
  readonly onText: (text: string) => void;
  /** Another command of ours, in this process, with surroundings of its own: what a harness drives planes with. */
  readonly command: (effects: Effects, argv: readonly string[]) => Promise<CommandEnd>;
}

/** What a command left on its streams. */
export interface CommandEnd {
  readonly exit_code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Outcome<O> {
  readonly result: O;
  /** 0 when left out; 1 for findings. */
  readonly exit_code?: number;
}

export interface Operation<I extends z.ZodObject = z.ZodObject, O = unknown> {
  /** Words a user types: `auth issue`. */
  readonly name: string;
  /** One sentence in the imperative. */
  readonly summary: string;
  /** Commands that work when pasted. */
  readonly examples: readonly string[];
  /** True when it wants a token. */
  readonly authorised: boolean;
  /**
   * Each field is a flag: `dry_run` is `--dry-run`. `.meta({ positional: 0 })` takes the field from the words
   * instead; an array takes all that are left.
   */
  readonly input: I;
  readonly run: (context: Context, input: z.output<I>) => Promise<Outcome<O>>;
  /** For people, 80 columns, no colour. */
  readonly text: (result: O, input: z.output<I>) => string;
  /** What `--json` prints, where it is not the result itself. */
  readonly json?: (result: O) => unknown;
  /** True for the one thing that must show a secret: a token just issued. */
  readonly reveals_secret?: boolean;
  /** A check that cannot find its subject still writes its report; others let the fault speak. */
  readonly onFault?: (fault: Fault, context: Context) => Outcome<O>;
}

export function operation<I extends z.ZodObject, O>(definition: Operation<I, O>): Operation<I, O> {
  return { ...definition, run: (context, input) => withLogs(context, definition.run(context, input)) };
}

/** Whatever an operation appended to ledgers, their logs are brought up to it once it is done, also after a refusal. */
async function withLogs<O>({ effects }: Context, running: Promise<Outcome<O>>): Promise<Outcome<O>> {
  try {
    return await running;
  } finally {
    await settleOwed(effects);
  }
}

export const planeOf = ({ effects, root, wait_ms }: Context): Plane => ({
  ...openPlane(effects, root),
  wait_ms,
});
