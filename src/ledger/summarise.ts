/** Parents write down where their children stand, so that cutting or rewriting a child shows in the parent. */
import type { NewLedgerEntry, PlaneTier } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { type AppendOptions, appendEntries, appendOnce } from "./append.ts";
import { childLinks, parentLink, SUMMARY_EVENT } from "./family-links.ts";
import { genesisEntry } from "./genesis.ts";
import { streamHead } from "./read.ts";
import { isStreamName, type StreamRef } from "./stream-ref.ts";
import type { Appended, LedgerEffects } from "./write-batch.ts";

/** So that a line stays far below its limit. */
const CHILDREN_PER_ENTRY = 100;

export interface Summarised {
  readonly parent: string;
  /** Children that stand elsewhere than the parent's last summary says. */
  readonly children: readonly {
    readonly stream: string;
    readonly entries: number;
    readonly entry_hash: string;
  }[];
}

/**
 * Summarises every child that has grown into its parent, the lowest first, so that what is written on the way up is
 * summarised too. `user`: who asked. @throws as `appendEntries`
 */
export async function summariseFamily(
  effects: LedgerEffects,
  streams: readonly StreamRef[],
  user: string,
  options: AppendOptions = {},
): Promise<Summarised[]> {
  const { fs } = effects;
  const by_name = new Map(streams.map((stream) => [stream.name, stream]));
  const parent_of = new Map<string, string>();
  for (const stream of streams) {
    const parent = parentLink(fs, stream)?.to.stream;
    if (parent !== undefined && by_name.has(parent)) parent_of.set(stream.name, parent);
  }
  const parents = [...new Set(parent_of.values())].sort((a, b) => depth(b, parent_of) - depth(a, parent_of));
  const done: Summarised[] = [];
  for (const name of parents) {
    const parent = by_name.get(name);
    const below = streams.filter((stream) => parent_of.get(stream.name) === name);
    if (parent === undefined) continue;
    const children = grown(fs, parent, below);
    if (children.length === 0) continue;
    await appendEntries(effects, parent, summaryEntries(children, user), options);
    done.push({ parent: name, children });
  }
  return done;
}

/** Steps up to a stream without a parent; a loop, which only a forger makes, ends. */
function depth(name: string, parent_of: ReadonlyMap<string, string>): number {
  const seen = new Set<string>();
  for (let at: string | undefined = name; at !== undefined && !seen.has(at); at = parent_of.get(at))
    seen.add(at);
  return seen.size;
}

function grown(fs: FileSystem, parent: StreamRef, below: readonly StreamRef[]): Summarised["children"] {
  const last = new Map<string, string>();
  for (const { to } of childLinks(fs, parent)) last.set(to.stream, to.entry_hash);
  return below.flatMap((stream) => {
    const head = streamHead(fs, stream);
    return head === undefined || last.get(stream.name) === head.entry_hash
      ? []
      : [{ stream: stream.name, ...head }];
  });
}

function summaryEntries(children: Summarised["children"], user: string): NewLedgerEntry[] {
  const groups = Math.ceil(children.length / CHILDREN_PER_ENTRY);
  return Array.from({ length: groups }, (_, group) => {
    const some = children.slice(group * CHILDREN_PER_ENTRY, (group + 1) * CHILDREN_PER_ENTRY);
    return {
      event_type: SUMMARY_EVENT,
      submission_id: "",
      decision: "SUMMARISED",
      reason: `heads of ${some.length} ledger(s) below`,
      metadata: { user, children: some.map((child) => ({ ...child })) },
    };
  });
}

/**
 * Writes the first entry of a stream that has none: it names where the parent stands. Does nothing for one that has
 * entries. @throws as `appendEntries`
 */
export async function startStream(
  effects: LedgerEffects,
  stream: StreamRef,
  about: { readonly tier: PlaneTier; readonly parent: StreamRef },
  options: AppendOptions = {},
): Promise<Appended | undefined> {
  const { fs } = effects;
  if ((fs.stat(stream.path)?.size_bytes ?? 0) > 0 || !isStreamName(stream.name)) return undefined;
  const head = streamHead(fs, about.parent);
  const parent = head === undefined ? undefined : { stream: about.parent.name, ...head };
  const genesis = genesisEntry({ tier: about.tier, stream: stream.name, ...(parent && { parent }) });
  return appendOnce(effects, stream, [genesis], "genesis", options);
}
