/** The check with a memory: full mode reads every byte and remembers what it saw, fast mode believes what has not moved since. */
import type { Finding, IntegrityReport } from "../contracts/index.ts";
import { type Effects, SeenFiles } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { checkIntegrity, type IntegrityOptions } from "./check.ts";
import { FileReader } from "./file-reader.ts";
import { LedgerMemory } from "./remembered-ledgers.ts";
import { beginStamp, cacheKey, hasCache, keepCache, StatCache } from "./stat-cache.ts";

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
  const standing = await cache?.standingReport(effects, depends_on);
  if (standing !== undefined) {
    const { hashed_count, trusted_count } = standing;
    const timestamp = new Date(effects.clock.now_ms()).toISOString();
    return { ...standing, timestamp, mode, hashed_count: 0, trusted_count: hashed_count + trusted_count };
  }
  // Whoever never asks for the fast mode gets no cache.
  const keeps = !options.dry_run && (options.fast || hasCache(effects, root));
  const began_ns = keeps ? await beginStamp(effects, root) : undefined;
  const reader = new FileReader(effects, cache);
  if (began_ns === undefined) return { ...(await checkIntegrity(effects, plane, options, reader)), mode };
  const seen = new SeenFiles(effects.fs);
  const programs = { count: 0 };
  const run: Effects["subprocess"]["run"] = (request) => {
    programs.count += 1;
    return effects.subprocess.run(request);
  };
  const watched = { ...effects, fs: seen.fs, subprocess: { run } };
  const ledgers = new LedgerMemory(
    cache?.ledgers(depends_on) ?? null,
    began_ns,
    seen,
    options.ledger_threads,
  );
  const made_ms = effects.clock.now_ms();
  let expires_ms: number | null = null;
  const onExpiry = (at_ms: number): void => {
    expires_ms = Number.isFinite(at_ms) ? at_ms : null;
  };
  const watching = { ...options, onExpiry };
  const report = { ...(await checkIntegrity(watched, plane, watching, reader, ledgers)), mode } as const;
  // What another program said may change with that program: its answer does not stand.
  const stands = programs.count === 0 && !report.findings.some(isOfIndex);
  const note = { depends_on, report: stands ? report : null, made_ms, expires_ms, ledgers: ledgers.note };
  keepCache(effects, root, key, { seen, reader, began_ns, note });
  return report;
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
