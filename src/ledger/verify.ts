/** Judges a whole stream: every line, every link, and the end against the head beside the keys. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { BREAKS_MAX } from "./chain.ts";
import { type ChainScan, scanChain } from "./chain-scan.ts";
import { type BadLine, explainBreaks, type Lookup, lookupsOf } from "./explain-break.ts";
import { type Head, isHeadUnusable, readHead } from "./head.ts";
import { explainHead, type HeadState, headState } from "./head-check.ts";
import { readLine } from "./line-reading.ts";
import { storedLines } from "./stored-lines.ts";
import { pasted, type StreamRef } from "./stream-ref.ts";

export interface LedgerVerdict {
  /** Plane-relative. */
  readonly stream: string;
  /** Never true for a stream that is missing or empty. */
  readonly valid: boolean;
  /** Complete lines. */
  readonly entries_count: number;
  /** Entries the head vouches for; the others were written by someone who could not reach it. */
  readonly covered_count: number;
  readonly uncovered_count: number;
  readonly head: HeadState;
  /** Plane-relative files with bytes of writers that died; unacknowledged, so no damage. */
  readonly torn_tails: readonly string[];
  readonly first_bad?: { readonly line: number; readonly code: string; readonly message: string };
  /** Sorted by line. */
  readonly findings: readonly Finding[];
}

/**
 * Reads the stream once, and once more only when something is wrong. Never throws for any content or file state.
 * Takes no lock: entries appended meanwhile may be reported as uncovered.
 */
export function verifyStream(fs: FileSystem, stream: StreamRef): LedgerVerdict {
  // The head is read first: a writer adds the line before it moves the head, so the file is never behind what we hold.
  const head = readHead(fs, stream);
  try {
    if (fs.stat(stream.path) === undefined) return missing(stream, head);
    return verdictOf(fs, stream, head, scanChain(fs, stream, head));
  } catch (error) {
    return unreadable(stream, head, error);
  }
}

export const missing = (stream: StreamRef, head: Head | undefined): LedgerVerdict =>
  withoutEntries(stream, head, [], "LEDGER_MISSING", "it does not exist");

export function unreadable(stream: StreamRef, head: Head | undefined, error: unknown): LedgerVerdict {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string") throw error;
  return withoutEntries(stream, head, [], "LEDGER_UNREADABLE", `it cannot be read (${code})`);
}

/** What a first pass says of a stream; reads it once more only when something is wrong. */
export function verdictOf(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  scan: ChainScan,
): LedgerVerdict {
  const torn_tails = tornTails(fs, stream);
  if (scan.entries_count === 0 && head === undefined)
    return withoutEntries(stream, head, torn_tails, "LEDGER_EMPTY", "it has no entries");
  return judge(fs, stream, head, scan, torn_tails);
}

function judge(
  fs: FileSystem,
  stream: StreamRef,
  head: Head | undefined,
  scan: ChainScan,
  torn_tails: readonly string[],
): LedgerVerdict {
  const state =
    head === undefined && isHeadUnusable(fs, stream) ? ("unusable" as const) : headState(head, scan);
  const wanted = lookupsOf(scan);
  if (state === "mismatch" && head !== undefined) wanted.add(head.entry_hash);
  const lookup = findLines(fs, stream, wanted);
  const bad = explainBreaks(scan, lookup);
  const at_head = bad.length === 0 && head !== undefined ? explainHead(head, state, scan, lookup) : undefined;
  if (at_head !== undefined) bad.push(at_head);
  const unusable = state === "unusable" ? [unusableHead(stream)] : [];
  const first = bad[0] ?? unusable.map(({ code, message }) => ({ line: 1, code, message }))[0];
  const covered_count = state === "match" || state === "behind" ? (head?.entries ?? 0) : 0;
  const uncovered_count = scan.entries_count - covered_count;
  return {
    stream: stream.name,
    valid: first === undefined,
    entries_count: scan.entries_count,
    covered_count,
    uncovered_count,
    head: state,
    torn_tails,
    ...(first && { first_bad: { line: first.line, code: first.code, message: first.message } }),
    findings: [
      ...bad.map((line) => asFinding(stream, line)),
      ...unusable,
      ...notes(stream, scan, state, uncovered_count),
    ],
  };
}

/** Second pass: first line of each wanted hash or id. */
function findLines(fs: FileSystem, stream: StreamRef, wanted: ReadonlySet<string>): Lookup {
  const lookup = new Map<string, number>();
  if (wanted.size === 0) return lookup;
  const holdsWanted = quickSearch(wanted);
  for (const { line, bytes, complete } of storedLines(fs, stream.path)) {
    const reading = complete && holdsWanted(bytes) ? readLine(bytes) : undefined;
    if (reading === undefined || reading.state === "malformed") continue;
    for (const key of [reading.entry_hash, reading.id])
      if (wanted.has(key) && !lookup.has(key)) lookup.set(key, line);
  }
  return lookup;
}

/** Looking for a few texts costs less than reading a line; for many it does not. */
const QUICK_TEXTS_MAX = 8;

function quickSearch(wanted: ReadonlySet<string>): (bytes: Buffer) => boolean {
  if (wanted.size > QUICK_TEXTS_MAX) return () => true;
  const needles = [...wanted].map((text) => Buffer.from(text, "latin1"));
  return (bytes) => needles.some((needle) => bytes.includes(needle));
}

const RESTORE = `Keep a copy of the file, restore it from a backup, then run "pkg ledger verify".`;

export function asFinding(stream: StreamRef, { line, code, message, expected, actual }: BadLine): Finding {
  const hashes = { ...(expected !== undefined && { expected }), ...(actual !== undefined && { actual }) };
  const where = { path: stream.name, line };
  return {
    code,
    severity: "error",
    message: `${stream.name}: ${message}`,
    next_step: RESTORE,
    ...where,
    ...hashes,
  };
}

/** Who spoils a head can cut the tail it covered, and nothing but receipts and checkpoints would show it. */
function unusableHead(stream: StreamRef): Finding {
  const { name, head_path = "" } = stream;
  const again = `pkg ledger append --event head_renewed${pasted(name, "--stream ")}`;
  return {
    code: "LEDGER_HEAD_UNUSABLE",
    severity: "error",
    message: `${name}: what lies in place of its head beside the keys is none: ${head_path}`,
    next_step: `Make sure from a backup that no entry was cut, move that file away, then run "${again}": it writes the head anew.`,
    path: name,
  };
}

function notes(stream: StreamRef, scan: ChainScan, state: HeadState, uncovered_count: number): Finding[] {
  const found: Finding[] = [];
  const note = (code: string, message: string, next_step: string): void => {
    found.push({
      code,
      severity: "note",
      message: `${stream.name}: ${message}`,
      next_step,
      path: stream.name,
    });
  };
  const unlisted = scan.breaks_count - scan.breaks.length;
  if (unlisted > 0)
    note("LEDGER_MORE_DAMAGE", `${unlisted} more breaks than the ${BREAKS_MAX} looked at`, RESTORE);
  if (scan.torn_bytes > 0 && state === "ahead") {
    const message = `${scan.torn_bytes} bytes after the last newline: what is left of entries the head covers`;
    note("LEDGER_TORN_TAIL", message, RESTORE);
  } else if (scan.torn_bytes > 0) {
    const message = `${scan.torn_bytes} bytes after the last newline were never acknowledged`;
    note("LEDGER_TORN_TAIL", message, `Nothing to do: the next append sets them aside.`);
  }
  if (state === "missing" && stream.head_path !== undefined) {
    const message = "it has no head beside the keys, so a cut tail would not show";
    note("LEDGER_HEAD_MISSING", message, `Run any "pkg" command that records an entry; it writes the head.`);
  } else if (state === "behind") {
    const message = `${uncovered_count} entries are newer than the head`;
    note("LEDGER_UNCOVERED", message, `Run any "pkg" command that records an entry; it moves the head.`);
  }
  return found;
}

function withoutEntries(
  stream: StreamRef,
  head: Head | undefined,
  torn_tails: readonly string[],
  code: string,
  problem: string,
): LedgerVerdict {
  const lost = head === undefined ? "" : `; its head covers ${head.entries} entries`;
  const bad = { line: 1, code, message: `${problem}${lost}` };
  return {
    stream: stream.name,
    valid: false,
    entries_count: 0,
    covered_count: 0,
    uncovered_count: 0,
    head: head === undefined ? "missing" : "ahead",
    torn_tails,
    first_bad: bad,
    findings: [asFinding(stream, bad)],
  };
}

function tornTails(fs: FileSystem, stream: StreamRef): string[] {
  const at = stream.path.lastIndexOf("/");
  const prefix = `${stream.path.slice(at + 1)}.torn-`;
  const folder = stream.name.slice(0, stream.name.lastIndexOf("/") + 1);
  return fs
    .list(stream.path.slice(0, at) || "/")
    .filter((entry) => entry.name.startsWith(prefix))
    .map((entry) => folder + entry.name);
}
