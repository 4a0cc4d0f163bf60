/**
 * Judges one entry where it stands, in time that does not grow with the stream: its hash, its links to the lines beside it,
 * its place in the signed tree and under the head beside the keys. What is wrong elsewhere only `verifyStream` finds.
 */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { TILE_WIDTH } from "../tlog/index.ts";
import { explainOwn } from "./explain-break.ts";
import { raiseIo } from "./faults.ts";
import { type Head, readHead } from "./head.ts";
import type { LineReading } from "./line-form.ts";
import { readLine } from "./line-reading.ts";
import { countNewlines, lastNewlineEnd, linesBackwards } from "./newest-lines.ts";
import { proveEntry } from "./proof-make.ts";
import type { StreamRef } from "./stream-ref.ts";
import { leafLines } from "./tiles-lines.ts";
import { readOffset } from "./tiles-offsets.ts";
import { treePlaces } from "./tiles-places.ts";
import { asFinding } from "./verify.ts";

export interface EntryVerdict {
  /** It has the hash it states, and names the line before it. */
  readonly hash_verified: boolean;
  /** Its path through the tiles ends at the root of the signed checkpoint; null while no checkpoint reaches it. */
  readonly in_tree: boolean | null;
  /** The head beside the keys is the hash of its own line, and that line is this one or a later one. */
  readonly covered: boolean;
  /** Complete lines of the stream. */
  readonly entries_count: number;
  /** Texts of the lines before and after it. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly findings: readonly Finding[];
}

/** @param line from 1; `text` without its newline, as read there. @throws LEDGER_IO */
export function verifyEntry(fs: FileSystem, stream: StreamRef, line: number, text: string): EntryVerdict {
  const [before, after] = neighbours(fs, stream, line, text);
  const own = readLine(Buffer.from(text));
  const findings = [
    ...(before === undefined ? [] : ownFindings(stream, line - 1, readLine(Buffer.from(before)))),
    ...ownFindings(stream, line, own),
    ...linkFindings(stream, line, [before, text, after]),
  ];
  const is_sound = own.state === "sound" && !findings.some((finding) => finding.line === line);
  const { entries_count, head } = endOf(fs, stream);
  const tree = is_sound ? inTree(fs, stream, line, text) : { in_tree: false };
  if (tree.finding !== undefined) findings.push(tree.finding);
  return {
    hash_verified: is_sound,
    in_tree: tree.in_tree,
    covered: is_sound && head !== undefined && line <= head.entries,
    entries_count,
    before,
    after,
    findings,
  };
}

function ownFindings(stream: StreamRef, line: number, reading: LineReading): Finding[] {
  if (reading.state === "sound") return [];
  if (reading.state === "malformed")
    return [asFinding(stream, explainOwn({ kind: "malformed", line, reason: reading.reason }))];
  const { entry_hash: stated_hash, computed_hash } = reading;
  return [asFinding(stream, explainOwn({ kind: "edited", line, stated_hash, computed_hash }))];
}

/** Where a line does not name the one before it. The second of the two is the place. */
function linkFindings(
  stream: StreamRef,
  line: number,
  texts: readonly [string | undefined, string, string | undefined],
): Finding[] {
  const [before, own, after] = texts.map((text) =>
    text === undefined ? undefined : readLine(Buffer.from(text)),
  );
  const link = (one: LineReading | undefined, other: LineReading | undefined, at: number): Finding[] => {
    if (other === undefined || other.state === "malformed" || one?.state === "malformed") return [];
    const expected = one?.entry_hash ?? "";
    if (other.previous_hash === expected) return [];
    const message =
      at === 1 ? "line 1 names an entry before it" : `line ${at} does not follow line ${at - 1}`;
    return [
      asFinding(stream, {
        line: at,
        code: "LEDGER_LINK_BROKEN",
        message,
        expected,
        actual: other.previous_hash,
      }),
    ];
  };
  return [...link(before, own, line), ...(after === undefined ? [] : link(own, after, line + 1))];
}

const NO_PROOF = new Set(["LEDGER_NOT_COVERED", "LEDGER_CHECKPOINT_MISSING", "LEDGER_ENTRY_UNKNOWN"]);

function inTree(
  fs: FileSystem,
  stream: StreamRef,
  line: number,
  text: string,
): { readonly in_tree: boolean | null; readonly finding?: Finding } {
  try {
    return { in_tree: proveEntry(fs, stream, String(line - 1)).bytes.equals(Buffer.from(text)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (NO_PROOF.has(error.code)) return { in_tree: null };
    const { code, message, next_step } = error;
    return {
      in_tree: false,
      finding: { code, severity: "error", message, next_step, path: stream.name, line },
    };
  }
}

/** How many lines the stream has; and its head, where that is the hash of the line it ends at. */
function endOf(fs: FileSystem, stream: StreamRef): { entries_count: number; head: Head | undefined } {
  const head = readHead(fs, stream);
  return atFile(fs, stream, (handle) => {
    const end = lastNewlineEnd(handle, handle.stat().size_bytes);
    if (head === undefined || head.bytes > end || !isHash(handle, head))
      return { entries_count: countNewlines(handle, 0, end), head: undefined };
    return { entries_count: head.entries + countNewlines(handle, head.bytes, end), head };
  });
}

function isHash(handle: ReadHandle, { bytes, entry_hash }: Head): boolean {
  if (bytes === 0) return true;
  const last = Buffer.alloc(1);
  if (handle.read(last, bytes - 1) !== 1 || last[0] !== 0x0a) return false;
  const found = linesBackwards(handle, bytes).next().value;
  const reading = found === undefined ? undefined : readLine(found.bytes);
  return reading?.state === "sound" && reading.entry_hash === entry_hash;
}

/** Found from the nearest offset kept with the tiles; where the line there is not this one, from the first line on. */
function neighbours(
  fs: FileSystem,
  stream: StreamRef,
  line: number,
  text: string,
): [string | undefined, string | undefined] {
  const first = Math.max(0, line - 2);
  const tile = Math.floor(first / TILE_WIDTH);
  const offset = readOffset(fs, treePlaces(stream).offsets, tile);
  const near = offset === undefined ? undefined : around(fs, stream, offset, tile * TILE_WIDTH + 1, line);
  const [before, own, after] = near?.[1] === text ? near : around(fs, stream, 0, 1, line);
  return own === text ? [before, after] : [undefined, undefined];
}

/** The line before, the line itself and the one after it. `number`: of the line that begins at `offset`. */
function around(
  fs: FileSystem,
  stream: StreamRef,
  offset: number,
  number: number,
  line: number,
): readonly [string | undefined, string | undefined, string | undefined] {
  const found: (string | undefined)[] = [undefined, undefined, undefined];
  try {
    let at = number;
    for (const { bytes } of leafLines(fs, stream.path, offset)) {
      if (at >= line - 1) found[at - line + 1] = bytes.toString("utf8");
      if (at++ > line) break;
    }
  } catch (error) {
    raiseIo(error, stream.name, stream.path);
  }
  const [before, own, after] = found;
  return [before, own, after];
}

function atFile<T>(fs: FileSystem, stream: StreamRef, read: (handle: ReadHandle) => T): T {
  try {
    const handle = fs.openRead(stream.path);
    try {
      return read(handle);
    } finally {
      handle.close();
    }
  } catch (error) {
    return raiseIo(error, stream.name, stream.path);
  }
}
