/** The check with a memory: full mode reads every byte and remembers what it saw, fast mode believes what has not moved since. */
import type { Finding, IntegrityReport } from "../contracts/index.ts";
import { type Effects, SeenFiles } from "../effects/index.ts";
import { macKey, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { checkIntegrity, type IntegrityOptions } from "./check.ts";
import type { CheckParts } from "./check-parts.ts";
import { FileReader } from "./file-reader.ts";
import { columnsOf } from "./keep-check.ts";
import type { LastCheck } from "./last-check.ts";
import { NotRecallable, Recall } from "./recall.ts";
import { LedgerMemory } from "./remembered-ledgers.ts";
import { beginStamp, cacheKey, hasCache, keepCache, readLastCheck } from "./stat-cache.ts";

export interface RememberedOptions extends IntegrityOptions {
  readonly fast: boolean;
  /** Writes nothing, not even what is derived. */
  readonly dry_run: boolean;
  /** Of this program: another one may judge otherwise. */
  readonly version: string;
}

/** With more changes than this everything is judged again. */
const CHANGES_MAX = 50_000;

/**
 * The same report as `checkIntegrity`, but for `mode` and the two counts of files. What it writes under `.holdfast/cache/` is
 * derived; where it cannot be written or read, files are read instead.
 */
export async function rememberedCheck(
  effects: Effects,
  plane: Plane,
  given: RememberedOptions,
): Promise<IntegrityReport> {
  const { root } = plane;
  // The fast mode answers for files alone.
  const options = { ...given, index: given.fast ? undefined : effects };
  const mode = options.fast ? "fast" : "full";
  const key = cacheKey(effects, plane);
  if (key === undefined) return { ...(await checkIntegrity(effects, plane, options)), mode };
  const depends_on = dependencies(plane, options);
  const last = options.fast ? readLastCheck(effects, root, key) : undefined;
  // Whoever never asks for the fast mode gets no cache.
  const keeps = !options.dry_run && (options.fast || hasCache(effects, root));
  const whole = { effects, plane, options, key, depends_on, keeps };
  const report = (await recalled(whole, last)) ?? (await judged({ ...whole, last, recall: undefined }));
  return { ...report, mode };
}

interface Whole {
  readonly effects: Effects;
  readonly plane: Plane;
  readonly options: RememberedOptions;
  readonly key: string;
  readonly depends_on: string;
  /** Whether to leave something for the next check. */
  readonly keeps: boolean;
}

/** By what the last check knows, as far as nothing has changed since; undefined where everything is to be judged. */
async function recalled(whole: Whole, last: LastCheck | undefined): Promise<IntegrityReport | undefined> {
  const { effects, plane, depends_on } = whole;
  if (last?.note.depends_on !== depends_on) return undefined;
  const rows = await effects.workers.changedStamps(last.columns, CHANGES_MAX);
  const standing = last.standing(effects, depends_on, dayOf(effects));
  if (rows.length === 0 && standing !== undefined) {
    const { report } = standing;
    const trusted_count = report.hashed_count + report.trusted_count;
    return { ...report, timestamp: timestampOf(effects), hashed_count: 0, trusted_count };
  }
  if (rows.length > CHANGES_MAX || last.note.pending === null) return undefined;
  last.compared(rows);
  try {
    return await judged({ ...whole, last, recall: new Recall(last, plane.root) });
  } catch (error) {
    if (!(error instanceof NotRecallable)) throw error;
    last.forget();
    return undefined;
  }
}

/** Of everything that is not recalled. */
async function judged({
  effects,
  plane,
  options,
  key,
  depends_on,
  keeps,
  last,
  recall,
}: Whole & {
  readonly last: LastCheck | undefined;
  readonly recall: Recall | undefined;
}): Promise<IntegrityReport> {
  const { root } = plane;
  const began_ns = keeps ? await beginStamp(effects, root) : undefined;
  const keeps_now = began_ns !== undefined;
  const { seen, programs, watched } = watchedEffects(effects, recall, keeps_now);
  const reader = new FileReader(effects, last, keeps_now);
  const believed = last?.note.depends_on === depends_on ? last.note.ledgers : null;
  const ledgers = new LedgerMemory({
    effects,
    root,
    key,
    before: believed,
    began_ns: began_ns ?? 0n,
    keeps: keeps_now,
    seen,
    threads: options.ledger_threads,
    recall,
  });
  const made_ms = effects.clock.now_ms();
  let expires_ms: number | null = null;
  const onExpiry = (at_ms: number): void => {
    expires_ms = Number.isFinite(at_ms) ? at_ms : null;
  };
  let parts: CheckParts | undefined;
  const report = await checkIntegrity(
    watched,
    plane,
    { ...options, onExpiry },
    {
      reader,
      keeps: keeps_now,
      ledgers,
      key: macKey(key, "holdfast ownership"),
      recall,
      onParts: (found) => {
        parts = found;
      },
    },
  );
  const trusted_count = reader.trusted_count + (recall?.count ?? 0);
  const counted = { ...report, hashed_count: reader.hashed_count, trusted_count };
  if (began_ns === undefined || parts === undefined) return counted;
  const { columns, note, is_steady } = columnsOf(root, parts, { seen, reader, recall, began_ns });
  // What another program said may change with that program: its answer does not stand.
  const stands = is_steady && programs.count === 0 && !report.findings.some(isOfIndex);
  keepCache(effects, root, key, {
    columns,
    note: {
      ...note,
      depends_on,
      day: dayOf(effects),
      report: stands ? counted : null,
      made_ms,
      expires_ms,
      ledgers: ledgers.note,
    },
  });
  return counted;
}

/** Effects that remember what was looked at, where anything is to be kept, and count the programs that were run. */
function watchedEffects(
  effects: Effects,
  recall: Recall | undefined,
  keeps: boolean,
): { readonly seen: SeenFiles; readonly programs: { count: number }; readonly watched: Effects } {
  const seen = new SeenFiles(effects.fs);
  const programs = { count: 0 };
  const run: Effects["subprocess"]["run"] = (request) => {
    programs.count += 1;
    return effects.subprocess.run(request);
  };
  const looking = keeps ? seen.fs : effects.fs;
  const fs = recall === undefined ? looking : recall.last.recalling(looking);
  return { seen, programs, watched: { ...effects, fs, subprocess: { run } } };
}

const timestampOf = ({ clock }: Pick<Effects, "clock">): string => new Date(clock.now_ms()).toISOString();

/** Waivers end at midnight. */
const dayOf = (effects: Pick<Effects, "clock">): string => timestampOf(effects).slice(0, 10);

/** The index is no file that a later check looks at first. */
const isOfIndex = ({ code }: Finding): boolean => code === "INDEX_DIVERGED";

/** Everything but files and days that the report depends on. */
function dependencies(
  { root, config, keys_directory }: Plane,
  { orphans, shows_private, launchers, version }: RememberedOptions,
): string {
  const plane = [root, config, keys_directory];
  return sha256Hex(JSON.stringify([version, orphans, shows_private ?? false, [...(launchers ?? [])], plane]));
}
