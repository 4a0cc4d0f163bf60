/**
 * Holds streams against what was kept of them elsewhere, in receipts: a stream that was rolled back or forked together with
 * its head and checkpoint still does not have the entries that a receipt saw.
 */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import {
  checkSignatures,
  leafHash,
  Malformed,
  parseCheckpoint,
  type SignedCheckpoint,
  sameHash,
  TreeBuilder,
} from "../tlog/index.ts";
import { trustedLedgerKeys } from "./checkpoint-file.ts";
import type { NamedHead } from "./genesis.ts";
import { HEAD_FINDINGS, type HeadProblem, judgeHeads, type LineStart } from "./named-heads.ts";
import { growthSince } from "./proof-make.ts";
import { storedLines } from "./stored-lines.ts";
import { isStreamName, type StreamRef } from "./stream-ref.ts";

/** Where one stream stood when somebody wrote that down. */
export interface KeptHead extends Required<NamedHead> {
  /** Plane-relative path of the file that keeps it. */
  readonly path: string;
  /** The signed checkpoint of then, where it was kept too. */
  readonly checkpoint?: string | undefined;
}

export interface KeptVerdict {
  readonly valid: boolean;
  readonly heads_count: number;
  /** One for each stream and kind of problem, which says how many files bear it out; by stream. */
  readonly findings: readonly Finding[];
}

/** What a fault of a growth proof means for the receipt that keeps the earlier checkpoint. */
const PROBLEMS: Readonly<Record<string, HeadProblem["problem"]>> = {
  LEDGER_FORKED: "MISMATCH",
  LEDGER_ROLLED_BACK: "CUT",
  LEDGER_CHECKPOINT_UNUSABLE: "MISMATCH",
};

const RESTORE = `Keep a copy of the ledger, restore it from a backup, then run "pkg ledger verify".`;

/** What is known from before: nothing of it has to be read again. */
export interface KnownHeads {
  /** Whether the lines bear it out. */
  readonly has: (head: KeptHead) => boolean;
  /** Lines of a stream that are known to be what they were. */
  readonly linesOf: (stream: string) => LineStart | undefined;
}

/**
 * All heads against the lines, and of each stream the newest kept checkpoint against its log.
 * @throws Node's own error when a stream cannot be read
 */
export function verifyKept(
  fs: FileSystem,
  kept: readonly KeptHead[],
  streamOf: (name: string) => StreamRef,
  known?: KnownHeads,
): KeptVerdict {
  const findings = [...Map.groupBy(kept, ({ stream }) => stream)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, heads]) => {
      const target = isStreamName(name) ? streamOf(name) : undefined;
      const unknown = known === undefined ? heads : heads.filter((head) => !known.has(head));
      const found = unknown.length === 0 ? [] : judgeAll(fs, name, target, unknown, known?.linesOf(name));
      return found.length > 0 || target === undefined ? found : judgeNewest(fs, target, heads);
    });
  return { valid: findings.length === 0, heads_count: kept.length, findings };
}

function judgeAll(
  fs: FileSystem,
  name: string,
  target: StreamRef | undefined,
  heads: readonly KeptHead[],
  start: LineStart | undefined,
): Finding[] {
  const problems = judgeHeads(fs, target, heads, start);
  const wrong = heads.flatMap((head, index) => {
    const problem = problems[index];
    return problem === undefined ? [] : [{ head, problem }];
  });
  return [...Map.groupBy(wrong, ({ problem }) => problem.problem)].map(([kind, all]) => {
    // Of a cut the farthest head says most, of a fork the nearest.
    const sign = kind === "CUT" ? -1 : 1;
    const [first = all[0]] = all.toSorted((a, b) => sign * (a.head.entries - b.head.entries));
    return finding(name, first as (typeof all)[number], all.length - 1);
  });
}

function finding(
  name: string,
  { head, problem }: { readonly head: KeptHead; readonly problem: HeadProblem },
  others_count: number,
): Finding {
  const { expected, actual } = problem;
  const others = others_count === 0 ? "" : ` (${others_count} more receipts say the like)`;
  return {
    ...HEAD_FINDINGS.receipt[problem.problem],
    severity: "error",
    message: `${head.path} names entry ${head.entries} of ${name}, which ${problem.message}${others}`,
    next_step: RESTORE,
    path: name,
    ...(problem.problem === "MISMATCH" && { line: head.entries }),
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && actual !== "" && { actual }),
  };
}

/** The lines bear out every head: what is left is that the log signed something else than it shows now. */
function judgeNewest(fs: FileSystem, stream: StreamRef, heads: readonly KeptHead[]): Finding[] {
  const withOne = heads.filter(({ checkpoint }) => checkpoint !== undefined);
  const newest = withOne.toSorted((a, b) => b.entries - a.entries)[0];
  if (newest?.checkpoint === undefined) return [];
  const found = (code: string, message: string): Finding[] => [
    { code, severity: "error", message, next_step: RESTORE, path: stream.name },
  ];
  const { path } = newest;
  let checkpoint: SignedCheckpoint;
  try {
    checkpoint = parseCheckpoint(Buffer.from(newest.checkpoint));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return found("LEDGER_RECEIPT_MISMATCH", `${path}: its checkpoint of ${stream.name} is none`);
  }
  try {
    const keys = stream.log === undefined ? [] : trustedLedgerKeys(fs, stream.log);
    const wrong = checkSignatures(checkpoint.note, keys).find(({ valid }) => !valid);
    if (wrong !== undefined) {
      const message = `the signature by ${wrong.key.name} does not fit its checkpoint of ${stream.name}`;
      return found("LEDGER_RECEIPT_MISMATCH", `${path}: ${message}`);
    }
    // Another signature, by a key that was revoked since, counts for nothing; what the receipt saw still has to be there.
    growthSince(fs, stream, { checkpoint, path });
    return [];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // Tiles and keys that cannot be used have findings of their own; tiles that were changed show a fork that lines do not.
    const is_tiles = error.code === "LEDGER_FORKED" && hasRoot(fs, stream, checkpoint);
    const problem = is_tiles ? undefined : PROBLEMS[error.code];
    return problem === undefined ? [] : found(HEAD_FINDINGS.receipt[problem].code, error.message);
  }
}

/** Whether the lines as they are now make the tree that was signed then. */
function hasRoot(fs: FileSystem, stream: StreamRef, { size, root }: SignedCheckpoint): boolean {
  const tree = new TreeBuilder();
  for (const { bytes, complete, too_long } of size === 0 ? [] : storedLines(fs, stream.path)) {
    if (!complete || too_long) return false;
    tree.append(leafHash(bytes));
    if (tree.size === size) break;
  }
  return tree.size === size && sameHash(tree.root(), root);
}
