/** Judges what streams say of one another. Each stream's own chain is judged by `verifyStreams`. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { childLinks, type FamilyLink, parentLink } from "./family-links.ts";
import { readLine } from "./line-reading.ts";
import { storedLines } from "./stored-lines.ts";
import { isStreamName, type StreamRef } from "./stream-ref.ts";

export interface FamilyVerdict {
  readonly valid: boolean;
  /** How many statements of one stream about another were checked. */
  readonly links_count: number;
  /** By stream and line. */
  readonly findings: readonly Finding[];
}

/** Every statement of these streams about one another; `streamOf` finds the one that is named. @throws LEDGER_IO, Node's own error */
export function verifyFamily(
  fs: FileSystem,
  streams: readonly StreamRef[],
  streamOf: (name: string) => StreamRef,
): FamilyVerdict {
  const by_target = new Map<string, FamilyLink[]>();
  let links_count = 0;
  for (const stream of streams) {
    const parent = parentLink(fs, stream);
    for (const link of [...(parent === undefined ? [] : [parent]), ...childLinks(fs, stream)]) {
      links_count++;
      const others = by_target.get(link.to.stream);
      if (others === undefined) by_target.set(link.to.stream, [link]);
      else others.push(link);
    }
  }
  const findings = [...by_target]
    .flatMap(([name, links]) => judgeTarget(fs, isStreamName(name) ? streamOf(name) : undefined, links))
    .sort((a, b) => order(a.path ?? "", b.path ?? "") || (a.line ?? 0) - (b.line ?? 0));
  return { valid: findings.length === 0, links_count, findings };
}

const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

function judgeTarget(fs: FileSystem, target: StreamRef | undefined, links: readonly FamilyLink[]): Finding[] {
  if (target === undefined || fs.stat(target.path) === undefined)
    return links.map((link) => finding(link, "MISSING", "does not exist"));
  const stands = new Stands(links);
  for (const { line, bytes, complete } of storedLines(fs, target.path)) {
    if (!complete) break;
    stands.see(line, bytes);
    if (stands.isDone(line)) break;
  }
  return links.flatMap((link) => {
    const { entries, entry_hash } = link.to;
    if (stands.fits(link)) return [];
    if (entries !== undefined && entries > stands.lines_count) {
      const message = `ends after ${stands.lines_count} entries, but had ${entries}: its tail was cut`;
      return [finding(link, "CUT", message)];
    }
    const at = entries === undefined ? "has no such entry" : `has another entry on line ${entries}`;
    return [finding(link, "MISMATCH", at, { expected: entry_hash, actual: stands.hashAt(entries) })];
  });
}

/** Hashes of the lines that are asked for, found in one reading. */
class Stands {
  lines_count = 0;
  private readonly hashes = new Map<number, string>();
  private readonly anywhere = new Map<string, boolean>();
  private readonly last_line: number;

  constructor(links: readonly FamilyLink[]) {
    for (const { to } of links) {
      if (to.entries === undefined) this.anywhere.set(to.entry_hash, false);
      else this.hashes.set(to.entries, "");
    }
    this.last_line = Math.max(0, ...this.hashes.keys());
  }

  see(line: number, bytes: Buffer): void {
    this.lines_count = line;
    if (this.hashes.has(line)) this.hashes.set(line, hashOf(bytes));
    for (const [hash, found] of this.anywhere) {
      if (!found && bytes.includes(hash) && hashOf(bytes) === hash) this.anywhere.set(hash, true);
    }
  }

  isDone(line: number): boolean {
    return line >= this.last_line && [...this.anywhere.values()].every(Boolean);
  }

  fits({ to }: FamilyLink): boolean {
    return to.entries === undefined
      ? this.anywhere.get(to.entry_hash) === true
      : this.hashes.get(to.entries) === to.entry_hash;
  }

  hashAt(line: number | undefined): string | undefined {
    return line === undefined ? undefined : this.hashes.get(line);
  }
}

/** As recomputed: an entry that was edited and kept its stated hash is not the one that was named. */
function hashOf(bytes: Buffer): string {
  const reading = readLine(bytes);
  return reading.state === "malformed" ? "" : reading.computed_hash;
}

function finding(
  { kind, from, line, to }: FamilyLink,
  problem: "MISSING" | "CUT" | "MISMATCH",
  message: string,
  hashes: { expected?: string; actual?: string | undefined } = {},
): Finding {
  const { expected, actual } = hashes;
  return {
    code: `LEDGER_${kind === "parent" ? "PARENT" : "CHILD"}_${problem}`,
    severity: "error",
    message: `${from}: line ${line} names the head of ${to.stream}, which ${message}`,
    next_step: `Run "pkg ledger verify ${to.stream}"; restore it from a backup.`,
    path: from,
    line,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  };
}
