/** Shards of one whole put together; what is not there is named, and never taken for good. */
import type { GoldenReport, GoldenScenario } from "../../contracts/index.ts";
import { raise } from "../faults.ts";
import { notRun, unrunScenario } from "../unrun.ts";
import { inShard, shardOf } from "./shard.ts";

export interface Part<T> {
  /** As the user named it. */
  readonly path: string;
  readonly shard: string | null;
  /** What must be the same in all of them: the harness, the machine, what the whole consists of. */
  readonly same: Readonly<Record<string, unknown>>;
  /** Names of the whole, in order. */
  readonly planned: readonly string[];
  readonly items: readonly T[];
}

/**
 * The whole in its order; undefined where no part has the piece.
 * @throws MERGE_REFUSED for parts of different wholes, of none, or the same part twice
 */
export function joinParts<T>(
  parts: readonly Part<T>[],
  nameOf: (item: T) => string,
): readonly (T | undefined)[] {
  const [first, ...others] = parts;
  if (first === undefined) return [];
  for (const other of others) requireSame(first, other);
  const found = new Map<string, T>();
  const seen = new Map<number, string>();
  for (const { path, shard: text, planned, items } of parts) {
    if (text === null) return refuse(path, undefined, `${path} is a whole report and no shard`);
    const shard = shardOf(text);
    const twin = seen.get(shard.number);
    if (twin !== undefined) return refuse(path, twin, `${path} and ${twin} are both shard ${text}`);
    seen.set(shard.number, path);
    const own = new Set(inShard(shard, planned));
    for (const item of items) {
      const name = nameOf(item);
      if (!own.delete(name))
        return refuse(path, undefined, `${path} holds "${name}" twice, or of another shard`);
      found.set(name, item);
    }
  }
  return first.planned.map((name) => found.get(name));
}

function requireSame<T>(first: Part<T>, other: Part<T>): void {
  const of = (text: string | null): string | undefined => text?.split("/")[1];
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["number of shards", of(first.shard), of(other.shard)],
    ["plan", first.planned, other.planned],
    ...Object.keys(first.same).map((key) => [key, first.same[key], other.same[key]] as const),
  ];
  for (const [what, one, two] of pairs)
    if (JSON.stringify(one) !== JSON.stringify(two))
      refuse(other.path, first.path, `${other.path} has another ${what} than ${first.path}`);
}

const refuse = (path: string, other: string | undefined, message: string): never =>
  raise("MERGE_REFUSED", message, { path, other });

type Planned = NonNullable<GoldenReport["planned"]>[number];

/** Reports of `golden run --shard`, without totals. @throws MERGE_REFUSED */
export function mergeReports(
  reports: readonly { readonly path: string; readonly report: GoldenReport }[],
): Omit<GoldenReport, "totals"> {
  const [first] = reports;
  if (first === undefined) throw new Error("there is nothing to merge");
  const joined = joinParts(
    reports.map(({ path, report: { shard, harness, environment, planned = [], scenarios } }) => ({
      path,
      shard,
      same: { harness, environment, plan: planned },
      planned: planned.map(({ name }) => name),
      items: scenarios,
    })),
    ({ name }) => name,
  );
  const { totals: _totals, ...head } = first.report;
  const sum = (of: (report: GoldenReport) => number): number =>
    reports.reduce((total, { report }) => total + of(report), 0);
  return {
    ...head,
    shard: null,
    began_at: reports.map(({ report }) => report.began_at).sort()[0] ?? head.began_at,
    duration_ms: sum(({ duration_ms }) => duration_ms),
    swept_folders: sum(({ swept_folders = 0 }) => swept_folders),
    scenarios: (first.report.planned ?? []).map((planned, at) => joined[at] ?? missingScenario(planned, at)),
  };
}

function missingScenario({ name, scenario_digest }: Planned, at: number): GoldenScenario {
  const problem = {
    code: "NOT_RUN",
    message: `scenario ${at + 1} "${name}" is in none of the reports`,
    subject: name,
    next_step: `Run "golden run" with the shard that holds it, and merge its report too.`,
  };
  const head = { name, title: name, canonical: false, required: true, scenario_digest };
  return unrunScenario(head, { ...notRun("missing", "merge"), problems: [problem] });
}
