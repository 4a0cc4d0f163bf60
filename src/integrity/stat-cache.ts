/**
 * What the last check saw: for each path its stamp (size, mode, times, inode, device) and, of files it read, the digest. A file
 * with the same stamp is believed to have the same bytes. Wrong only where a ctime was forged, which takes the clock of the
 * machine or its raw disk. Git's racy rule: what changed as late as the check began is not remembered at all, so a later change
 * within the same tick of the clock cannot hide behind it.
 */
import { createHmac } from "node:crypto";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, secretOf } from "../plane/index.ts";
import { LastCheck } from "./last-check.ts";
import type { Note } from "./note.ts";
import { type CacheColumns, decodeCache, encodeCache } from "./stat-cache-form.ts";

export const CACHE_DIRECTORY = ".holdfast/cache";
const FILE = `${CACHE_DIRECTORY}/stat.bin`;
const BYTES_MAX = 2 ** 31 - 1;
/** Longer than the clock of any file system we stand on waits. */
const TICK_MS = 20;

/** Undefined where this user cannot read the plane's secret: then nothing is believed and nothing is kept. */
export function cacheKey(effects: Effects, plane: Plane): string | undefined {
  try {
    const { secret } = secretOf(effects, plane);
    return createHmac("sha256", secret).update(`holdfast stat cache 4\0${plane.root}`).digest("hex");
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Undefined when there is none, or none of ours. */
export function readLastCheck({ fs }: Pick<Effects, "fs">, root: string, key: string): LastCheck | undefined {
  try {
    const size = fs.stat(`${root}/${FILE}`)?.size_bytes ?? 0;
    const columns = size > BYTES_MAX ? undefined : decodeCache(fs.read(`${root}/${FILE}`), key);
    return columns === undefined ? undefined : new LastCheck(columns);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

export const hasCache = ({ fs }: Pick<Effects, "fs">, root: string): boolean =>
  fs.stat(`${root}/${FILE}`) !== undefined;

/** When a check begins, by the clock that stamps its files; undefined where the cache cannot be written. */
export async function beginStamp(
  { fs, random, clock }: Pick<Effects, "fs" | "random" | "clock">,
  root: string,
): Promise<bigint | undefined> {
  try {
    for (const folder of [".holdfast", CACHE_DIRECTORY]) {
      if (fs.stat(`${root}/${folder}`) !== undefined) continue;
      fs.makeDirectory(`${root}/${folder}`);
      // The folder above has changed just now; the check is to begin in a later tick than that.
      await clock.sleep(TICK_MS);
    }
    const path = `${root}/${CACHE_DIRECTORY}/.clock-${random.hex(6)}`;
    fs.openWrite(path, { mode: 0o600, how: "exclusive" }).close();
    const began_ns = fs.stat(path)?.ctime_ns;
    fs.remove(path);
    return began_ns;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

export const keepCache = (
  effects: Pick<Effects, "fs" | "random">,
  root: string,
  key: string,
  { columns, note }: { readonly columns: Omit<CacheColumns, "note">; readonly note: Note },
): void =>
  writeQuietly(
    effects,
    `${root}/${FILE}`,
    encodeCache(effects.random, { ...columns, note: Buffer.from(JSON.stringify(note)) }, key),
  );

/** Derived, so nothing is synced and no failure matters. */
export function writeQuietly(
  { fs, random }: Pick<Effects, "fs" | "random">,
  path: string,
  parts: readonly Buffer[],
): void {
  const temporary = `${path}.${random.hex(6)}.tmp`;
  try {
    const handle = fs.openWrite(temporary, { mode: 0o600, how: "exclusive" });
    try {
      for (const part of parts) handle.write(part);
    } finally {
      handle.close();
    }
    // A rename over another file waits until all of it is on disk (ext4), and there is no hurry for that.
    removeQuietly(fs, path);
    fs.rename(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    removeQuietly(fs, temporary);
  }
}

function removeQuietly(fs: Effects["fs"], path: string): void {
  try {
    fs.remove(path);
  } catch {
    // It is not there, or cannot be removed either.
  }
}
