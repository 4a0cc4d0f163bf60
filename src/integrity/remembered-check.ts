/** The check with a memory: full mode reads every byte and remembers what it saw, fast mode believes what has not moved since. */
import type { Finding, IntegrityReport } from "../contracts/index.ts";
import { type Effects, SeenFiles } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { checkIntegrity, type IntegrityOptions } from "./check.ts";
import { FileReader } from "./file-reader.ts";
import { CHANGES_MAX, patchedCheck } from "./patched-check.ts";
import { LedgerMemory, type LedgerNote } from "./remembered-ledgers.ts";
import { beginStamp, cacheKey, hasCache, keepCache, keepCheck, StatCache } from "./stat-cache.ts";

export interface RememberedOptions extends IntegrityOptions {
  readonly fast: boolean;
  /** Writes nothing, not even what is derived. */
  readonly dry_run: boolean;
  /** Of this program: another one may judge otherwise. */
  readonly version: string;
}

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
  const depends_on = dependencies(effects, plane, options);
  const cache = options.fast ? StatCache.read(effects, root, key) : undefined;
  const standing = cache?.standing(effects, depends_on);
  if (cache !== undefined && standing !== undefined) {
    const report = await remembered(effects, plane, { cache, standing, key, options });
    if (report !== undefined) return { ...report, timestamp: timestampOf(effects), mode };
  }
  // Whoever never asks for the fast mode gets no cache.
  const keeps = !options.dry_run && (options.fast || hasCache(effects, root));
  const began_ns = keeps ? await beginStamp(effects, root) : undefined;
  const reader = new FileReader(effects, cache);
  if (began_ns === undefined) return { ...(await checkIntegrity(effects, plane, options, reader)), mode };
  const believed = cache?.ledgers(depends_on) ?? null;
  const report = await watchedCheck(effects, plane, { options, reader, began_ns, believed, key, depends_on });
  return { ...report, mode };
}

/** A whole check that leaves behind what it saw. */
async function watchedCheck(
  effects: Effects,
  plane: Plane,
  {
    options,
    reader,
    began_ns,
    believed,
    key,
    depends_on,
  }: {
    readonly options: RememberedOptions;
    readonly reader: FileReader;
    readonly began_ns: bigint;
    readonly believed: LedgerNote | null;
    readonly key: string;
    readonly depends_on: string;
  },
): Promise<IntegrityReport> {
  const seen = new SeenFiles(effects.fs);
  const programs = { count: 0 };
  const run: Effects["subprocess"]["run"] = (request) => {
    programs.count += 1;
    return effects.subprocess.run(request);
  };
  const watched = { ...effects, fs: seen.fs, subprocess: { run } };
  const ledgers = new LedgerMemory(believed, began_ns, seen, options.ledger_threads);
  const made_ms = effects.clock.now_ms();
  let expires_ms: number | null = null;
  const onExpiry = (at_ms: number): void => {
    expires_ms = Number.isFinite(at_ms) ? at_ms : null;
  };
  const report = await checkIntegrity(watched, plane, { ...options, onExpiry }, reader, ledgers);
  // What another program said may change with that program: its answer does not stand.
  const stands = programs.count === 0 && !report.findings.some(isOfIndex);
  const note = { depends_on, report: stands ? report : null, made_ms, expires_ms, ledgers: ledgers.note };
  keepCheck(effects, plane.root, key, { seen, reader, began_ns, note });
  return report;
}

const timestampOf = ({ clock }: Pick<Effects, "clock">): string => new Date(clock.now_ms()).toISOString();

/** The last report where nothing has changed since, or where only what was judged again has. */
async function remembered(
  effects: Effects,
  plane: Plane,
  {
    cache,
    standing,
    key,
    options,
  }: {
    readonly cache: StatCache;
    readonly standing: NonNullable<ReturnType<StatCache["standing"]>>;
    readonly key: string;
    readonly options: RememberedOptions;
  },
): Promise<IntegrityReport | undefined> {
  const { columns } = cache;
  const { report } = standing;
  const rows = await effects.workers.changedStamps(columns, CHANGES_MAX);
  if (rows.length === 0)
    return { ...report, hashed_count: 0, trusted_count: report.hashed_count + report.trusted_count };
  const began_ns = options.dry_run ? undefined : await beginStamp(effects, plane.root);
  const before = { columns, note: standing, report, rows };
  const patched = await patchedCheck(effects, plane, before, options.shows_private === true);
  // What changed as late as the check began may change again within the same tick of the clock.
  if (patched !== undefined && began_ns !== undefined && patched.newest_ns < began_ns) {
    const note = { ...standing, report: patched.report, made_ms: effects.clock.now_ms() };
    keepCache(effects, plane.root, key, { columns: patched.columns, note });
  }
  return patched?.report;
}

/** The index is no file that a later check looks at first. */
const isOfIndex = ({ code }: Finding): boolean => code === "INDEX_DIVERGED";

/** Everything but files that the report depends on; waivers end at midnight. */
function dependencies(
  { clock }: Pick<Effects, "clock">,
  { root, config, keys_directory }: Plane,
  { orphans, shows_private, launchers, version }: RememberedOptions,
): string {
  const day = new Date(clock.now_ms()).toISOString().slice(0, 10);
  const plane = [root, config, keys_directory];
  return sha256Hex(
    JSON.stringify([version, day, orphans, shows_private ?? false, [...(launchers ?? [])], plane]),
  );
}
