/** Says what was done to a chain, as well as the lines around each break can tell. */
import type { Break, Link } from "./chain.ts";
import type { ChainScan } from "./chain-scan.ts";

export interface BadLine {
  /** From 1. The first line of the file that is wrong, or stands where something is missing. */
  readonly line: number;
  readonly code: string;
  /** Reads on from the stream's name: "line 5 …". */
  readonly message: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** Line of the first entry with a hash or id; undefined when the stream has none. */
export type Lookup = ReadonlyMap<string, number>;

type LinkBreak = Extract<Break, { kind: "link" }>;

/** Hashes and ids a second pass must look for. */
export function lookupsOf(scan: ChainScan): Set<string> {
  const wanted = new Set<string>();
  for (const found of scan.breaks) {
    if (found.kind !== "link") continue;
    wanted.add(found.link.entry_hash);
    if (found.link.previous_hash !== "") wanted.add(found.link.previous_hash);
  }
  for (const link of scan.repeated_ids) wanted.add(link.id);
  return wanted;
}

/** Bad lines in file order, one for each cause: what follows from an explained break is not listed again. */
export function explainBreaks(scan: ChainScan, lookup: Lookup): BadLine[] {
  const bad = new Map<number, BadLine>();
  let explained_to = 0;
  const add = (line: BadLine): void => {
    if (!bad.has(line.line)) bad.set(line.line, line);
  };
  for (const found of scan.breaks) {
    if (found.kind !== "link") add(explainOwn(found));
    else if (found.line > explained_to) {
      if (isSwap(found)) explained_to = found.line + 2;
      add(explainLink(found, lookup));
    }
  }
  for (const link of scan.repeated_ids) {
    const first = lookup.get(link.id);
    if (first === undefined || first >= link.line) continue;
    const message = `line ${link.line} has the same id as line ${first}`;
    add({ line: link.line, code: "LEDGER_ID_REPEATED", message, actual: link.id });
  }
  return [...bad.values()].sort((a, b) => a.line - b.line);
}

export function explainOwn(found: Exclude<Break, LinkBreak>): BadLine {
  const { line } = found;
  if (found.kind === "malformed") {
    return { line, code: "LEDGER_LINE_MALFORMED", message: `line ${line} is not an entry: ${found.reason}` };
  }
  const message = `line ${line} was edited: it does not have the hash it states`;
  const hashes = { expected: found.stated_hash, actual: found.computed_hash };
  return { line, code: "LEDGER_ENTRY_EDITED", message, ...hashes };
}

function explainLink(found: LinkBreak, lookup: Lookup): BadLine {
  const { line, link, before, before_that_hash, next } = found;
  const hashes = { expected: before?.entry_hash ?? "", actual: link.previous_hash };
  const same_as = lookup.get(link.entry_hash);
  if (same_as !== undefined && same_as < line) {
    const message = `line ${line} repeats line ${same_as}`;
    return { line, code: "LEDGER_ENTRY_DUPLICATED", message, actual: link.entry_hash };
  }
  if (before !== undefined && link.previous_hash === before_that_hash) return inserted(before, link);
  if (isSwap(found)) {
    const message = `line ${line} and line ${line + 1} changed places`;
    return { line, code: "LEDGER_ENTRIES_SWAPPED", message, ...hashes };
  }
  if (next !== undefined && next.previous_hash === (before?.entry_hash ?? "")) return inserted(link, next);
  const follows = lookup.get(link.previous_hash);
  if (follows !== undefined) {
    const message = `line ${line} belongs after line ${follows}: entries were moved`;
    return { line, code: "LEDGER_ENTRY_MOVED", message, ...hashes };
  }
  const where = line === 1 ? "before line 1" : `between line ${line - 1} and line ${line}`;
  const or = line === 1 ? "" : `, or line ${line - 1} was rewritten with a new hash`;
  return { line, code: "LEDGER_ENTRY_REMOVED", message: `entries ${where} were removed${or}`, ...hashes };
}

/** Both `stranger` and `follower` name the same line before them, so the first of them does not belong. */
function inserted(stranger: Link, follower: Link): BadLine {
  const message =
    `line ${stranger.line} was inserted: line ${follower.line} does not follow it ` +
    `(or two writers wrote without the lock)`;
  return { line: stranger.line, code: "LEDGER_ENTRY_INSERTED", message, actual: stranger.entry_hash };
}

function isSwap({ link, before, next }: LinkBreak): boolean {
  return (
    next !== undefined &&
    link.previous_hash === next.entry_hash &&
    next.previous_hash === (before?.entry_hash ?? "")
  );
}
