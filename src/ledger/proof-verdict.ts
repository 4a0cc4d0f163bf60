/** The verdict on a stream with the verdict on its log beside it. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { NoteKey } from "../tlog/index.ts";
import { type KnownLedgerKeys, knownLedgerKeys } from "./checkpoint-file.ts";
import type { StreamRef } from "./stream-ref.ts";
import { type TreeState, type TreeVerdict, TreeVerifier } from "./tiles-verdict.ts";
import type { LedgerVerdict } from "./verify.ts";

export interface LoggedVerdict extends LedgerVerdict {
  /** Absent for a stream that is no log, or whose lines cannot be read. */
  readonly log?: Omit<TreeVerdict, "findings" | "entries_count">;
}

/** A log that is judged while somebody reads the lines. */
export interface LogUnderWay {
  readonly tree: TreeVerifier;
  /** Keys that cannot be read are said so; what needs no key is checked all the same. */
  readonly problems: readonly Finding[];
}

/** Undefined for a stream that is no log. */
export function beginLog(
  fs: FileSystem,
  stream: StreamRef,
  witnesses: readonly NoteKey[] = [],
  begun?: TreeState,
): LogUnderWay | undefined {
  if (stream.log === undefined) return undefined;
  const { trusted, are_all_revoked, problems } = keysOf(fs, stream.log);
  const known = { begun, are_all_revoked };
  return { tree: new TreeVerifier(fs, stream, [...trusted, ...witnesses], known), problems };
}

/** What is wrong with the log, all of whose lines were read, is added to the findings and makes the stream invalid. */
export function withLog(verdict: LedgerVerdict, under_way: LogUnderWay | undefined): LoggedVerdict {
  if (under_way === undefined || verdict.entries_count === 0) return verdict;
  const { findings, entries_count: _, ...log } = under_way.tree.finish();
  const first_bad = verdict.first_bad ?? asBadLine(log.first_bad);
  return {
    ...verdict,
    valid: verdict.valid && log.valid,
    ...(first_bad && { first_bad }),
    findings: [...verdict.findings, ...findings, ...under_way.problems],
    log,
  };
}

const asBadLine = (bad: TreeVerdict["first_bad"]): LedgerVerdict["first_bad"] =>
  bad && { line: bad.line ?? 1, code: bad.code, message: bad.message };

function keysOf(
  fs: FileSystem,
  log: NonNullable<StreamRef["log"]>,
): KnownLedgerKeys & { readonly problems: readonly Finding[] } {
  try {
    return { ...knownLedgerKeys(fs, log), problems: [] };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, message, next_step } = error;
    const problems: Finding[] = [{ code, severity: "note", message, next_step }];
    return { trusted: [], are_all_revoked: false, problems };
  }
}
