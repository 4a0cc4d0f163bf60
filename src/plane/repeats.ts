/** Counts what keeps happening, so that a flood of it does not become a flood of ledger entries. */
import type { Effects } from "../effects/index.ts";
import { replaceFile } from "./files.ts";

/** So many kinds are counted at once; a flood of new ones forgets the oldest. */
const COUNTERS_MAX = 256;
/** Up to this many are recorded one by one, then only at each power of two. */
const EACH_RECORDED_MAX = 8;
const WINDOW_MS = 3_600_000;

interface Counter {
  readonly count: number;
  readonly last_at_ms: number;
}

/**
 * Counts one more of its kind; the count begins anew an hour after the last.
 * @param path absolute file of the counters; its folder exists
 */
export function countRepeat(
  effects: Pick<Effects, "fs" | "clock" | "random">,
  path: string,
  key: string,
): { readonly count: number; readonly is_recorded: boolean } {
  const { fs, clock } = effects;
  const now_ms = clock.now_ms();
  const counters = readCounters(fs, path);
  const before = counters[key];
  const fresh = before === undefined || now_ms - before.last_at_ms > WINDOW_MS;
  const count = fresh ? 1 : before.count + 1;
  const { [key]: _, ...others } = counters;
  const kept = Object.entries(others)
    .filter(([, counter]) => now_ms - counter.last_at_ms <= WINDOW_MS)
    .slice(1 - COUNTERS_MAX);
  const next = Object.fromEntries([...kept, [key, { count, last_at_ms: now_ms }]]);
  replaceFile(effects, path, Buffer.from(JSON.stringify(next)));
  return { count, is_recorded: count <= EACH_RECORDED_MAX || (count & (count - 1)) === 0 };
}

function readCounters(fs: Effects["fs"], path: string): Record<string, Counter> {
  try {
    const value: unknown = JSON.parse(fs.readText(path));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
    const sound = Object.entries(value).filter(
      ([, counter]: [string, Partial<Counter> | null]) =>
        Number.isSafeInteger(counter?.count) && Number.isFinite(counter?.last_at_ms),
    );
    return Object.fromEntries(sound) as Record<string, Counter>;
  } catch {
    return {};
  }
}
