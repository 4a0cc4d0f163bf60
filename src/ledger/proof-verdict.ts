/** The verdict on a stream with the verdict on its log beside it. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { NoteKey } from "../tlog/index.ts";
import { trustedLedgerKeys } from "./checkpoint-file.ts";
import type { StreamRef } from "./stream-ref.ts";
import { type TreeVerdict, verifyTree } from "./tiles-verdict.ts";
import type { LedgerVerdict } from "./verify.ts";

export interface LoggedVerdict extends LedgerVerdict {
  /** Absent for a stream that is no log, or whose lines cannot be read. */
  readonly log?: Omit<TreeVerdict, "findings" | "entries_count">;
}

/**
 * Reads the lines once more for the log's sake. What is wrong with it is added to the findings, and makes the stream
 * invalid. Never throws for any content or file state.
 */
export function withLog(fs: FileSystem, stream: StreamRef, verdict: LedgerVerdict): LoggedVerdict {
  if (stream.log === undefined || verdict.entries_count === 0) return verdict;
  const { keys, problems } = keysOf(fs, stream.log);
  const { findings, entries_count: _, ...log } = verifyTree(fs, stream, keys);
  const first_bad = verdict.first_bad ?? asBadLine(log.first_bad);
  return {
    ...verdict,
    valid: verdict.valid && log.valid,
    ...(first_bad && { first_bad }),
    findings: [...verdict.findings, ...findings, ...problems],
    log,
  };
}

const asBadLine = (bad: TreeVerdict["first_bad"]): LedgerVerdict["first_bad"] =>
  bad && { line: bad.line ?? 1, code: bad.code, message: bad.message };

/** Keys that cannot be read are said so; what needs no key is checked all the same. */
function keysOf(
  fs: FileSystem,
  log: NonNullable<StreamRef["log"]>,
): { readonly keys: readonly NoteKey[]; readonly problems: readonly Finding[] } {
  try {
    return { keys: trustedLedgerKeys(fs, log), problems: [] };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, next_step } = error;
    return { keys: [], problems: [{ code, severity: "note", message, next_step }] };
  }
}
