/** Judges what streams say of one another. Each stream's own chain is judged by `verifyStreams`. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { childLinks, type FamilyLink, parentLink } from "./family-links.ts";
import { HEAD_FINDINGS, type HeadProblem, judgeHeads } from "./named-heads.ts";
import { isReadable } from "./readable.ts";
import { isStreamName, pasted, type StreamRef } from "./stream-ref.ts";

export interface FamilyVerdict {
  readonly valid: boolean;
  /** How many statements of one stream about another were checked. */
  readonly links_count: number;
  /** Streams that say something of their children. */
  readonly parents: ReadonlySet<string>;
  /** By stream and line. */
  readonly findings: readonly Finding[];
}

/**
 * Every statement of these streams about one another; `streamOf` finds the one that is named. `childlessBytes`: see `childLinks`.
 * @throws LEDGER_IO, Node's own error
 */
export function verifyFamily(
  fs: FileSystem,
  streams: readonly StreamRef[],
  streamOf: (name: string) => StreamRef,
  childlessBytes: (name: string) => number = () => 0,
): FamilyVerdict {
  const by_target = new Map<string, FamilyLink[]>();
  let links_count = 0;
  const parents = new Set<string>();
  for (const stream of streams) {
    // What is no file says nothing; that it is none is a finding about the stream itself.
    const kind = fs.stat(stream.path)?.kind;
    if (kind !== undefined && (kind !== "file" || !isReadable(fs, stream))) continue;
    const parent = parentLink(fs, stream);
    const children = [...childLinks(fs, stream, childlessBytes(stream.name))];
    if (children.length > 0) parents.add(stream.name);
    for (const link of [...(parent === undefined ? [] : [parent]), ...children]) {
      links_count++;
      const others = by_target.get(link.to.stream);
      if (others === undefined) by_target.set(link.to.stream, [link]);
      else others.push(link);
    }
  }
  const findings = [...by_target]
    .flatMap(([name, links]) => judgeTarget(fs, isStreamName(name) ? streamOf(name) : undefined, links))
    .sort((a, b) => order(a.path ?? "", b.path ?? "") || (a.line ?? 0) - (b.line ?? 0));
  return { valid: findings.length === 0, links_count, parents, findings };
}

const order = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);

function judgeTarget(fs: FileSystem, target: StreamRef | undefined, links: readonly FamilyLink[]): Finding[] {
  const problems = judgeHeads(
    fs,
    target,
    links.map(({ to }) => to),
  );
  return links.flatMap((link, index) => {
    const problem = problems[index];
    return problem === undefined ? [] : [finding(link, problem)];
  });
}

function finding(
  { kind, from, line, to }: FamilyLink,
  { problem, message, expected, actual }: HeadProblem,
): Finding {
  return {
    ...HEAD_FINDINGS[kind][problem],
    severity: "error",
    message: `${from}: line ${line} names the head of ${to.stream}, which ${message}`,
    next_step: `Run "pkg ledger verify${pasted(to.stream)}"; restore it from a backup.`,
    path: from,
    line,
    ...(expected !== undefined && { expected }),
    ...(actual !== undefined && { actual }),
  };
}
