/**
 * Work on many files that threads share: each takes the next batch until none is left, so that a thread that comes late or
 * has other work first slows nobody. Results go into shared memory; only problems are sent.
 */
import { hash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { DIGEST_BYTES, sha256Stream } from "../../kernel/index.ts";
import { FILE_STATE, STAMP_WIDTH } from "../ports.ts";
import { SmallFiles } from "./small-files.ts";
import { hasStamp, statOrUndefined, writeSizeAndMode, writeStamp } from "./stamp.ts";

const BATCH = 64;
const BUFFER_BYTES = 1 << 20;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface DigestJob {
  readonly kind: "digest";
  /** What all paths begin with. */
  readonly folder: string;
  /** Their rest, one after another in UTF-8, and where each ends. */
  readonly paths: Uint8Array;
  readonly ends: Uint32Array;
  /** Whether of the stamps size and mode are enough; then nothing is known. */
  readonly is_unstamped: boolean;
  /** What is known of each path from before, in the same order; null where nothing is trusted. */
  readonly known: BigUint64Array | null;
  /** Shared: next path to take. */
  readonly next: Int32Array;
  /** Shared: 1 as soon as another thread takes part, whose problems are then to be waited for. */
  readonly joined: Int32Array;
  readonly states: Uint8Array;
  readonly digests: Uint8Array;
  readonly stamps: BigUint64Array;
}

export interface CompareJob {
  readonly kind: "compare";
  /** Absolute paths one after another, and where each ends. */
  readonly paths: Uint8Array;
  readonly ends: Uint32Array;
  readonly stamps: BigUint64Array;
  readonly next: Int32Array;
  /** Shared: how many files have another stamp, then their indexes, as many as there is room for. */
  readonly changes: Int32Array;
}

export type FileJob = DigestJob | CompareJob;
/** Index of a path and the code of the error with which it could not be read. */
export type Problem = readonly [number, string];

export const runJob = (job: FileJob): Problem[] => (job.kind === "digest" ? digest(job) : compare(job));

function digest(job: DigestJob): Problem[] {
  const { paths, ends, next } = job;
  const names = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength);
  const problems: Problem[] = [];
  const reading: Reading = {
    buffer: Buffer.allocUnsafe(BUFFER_BYTES),
    small: ends.length < LANES_FROM ? undefined : (small_files ??= new SmallFiles()),
  };
  reading.small?.forget();
  for (let from = Atomics.add(next, 0, BATCH); from < ends.length; from = Atomics.add(next, 0, BATCH)) {
    const end = Math.min(ends.length, from + BATCH);
    for (let index = from; index < end; index++) {
      try {
        const path = job.folder + names.toString("utf8", index === 0 ? 0 : ends[index - 1], ends[index]);
        job.states[index] = digestOne(job, index, path, reading);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        job.states[index] = FILE_STATE.unreadable;
        problems.push([index, code]);
      }
    }
    reading.small?.digest(job.digests);
  }
  return problems;
}

/** For fewer files it costs more to make the lanes than they save. */
const LANES_FROM = 512;
/** Of this thread. */
let small_files: SmallFiles | undefined;

interface Reading {
  readonly buffer: Buffer;
  readonly small: SmallFiles | undefined;
}

const NOTHING_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"]);

function digestOne(
  { known, stamps, digests, is_unstamped }: DigestJob,
  index: number,
  path: string,
  { buffer, small }: Reading,
): number {
  if (known !== null && known[index * STAMP_WIDTH + 4] !== 0n) {
    const stats = statOrUndefined(path);
    if (stats?.isFile() === true && hasStamp(known, index, stats)) {
      writeStamp(stamps, index, stats);
      return FILE_STATE.trusted;
    }
  }
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    if (NOTHING_THERE.has((error as NodeJS.ErrnoException).code ?? "")) return FILE_STATE.no_file;
    throw error;
  }
  try {
    // Before the first byte: a change while it is read gives the file another stamp than this one.
    const stats = is_unstamped ? fstatSync(fd) : fstatSync(fd, { bigint: true });
    if (!stats.isFile()) return FILE_STATE.no_file;
    if (typeof stats.size === "bigint") writeStamp(stamps, index, stats as BigIntStats);
    else writeSizeAndMode(stamps, index, stats as Stats);
    const size_bytes = Number(stats.size);
    if (small?.take(fd, size_bytes, index) !== true)
      digests.set(digestOpen(fd, size_bytes, buffer), index * DIGEST_BYTES);
    return FILE_STATE.hashed;
  } finally {
    closeSync(fd);
  }
}

function digestOpen(fd: number, size_bytes: number, buffer: Buffer): Uint8Array {
  let count = readSync(fd, buffer, 0, BUFFER_BYTES, 0);
  if (count < BUFFER_BYTES) {
    // A short first read is the whole file only when the next read says so.
    const rest = count === size_bytes ? 0 : readSync(fd, buffer, count, BUFFER_BYTES - count, count);
    if (rest === 0) return hash("sha256", buffer.subarray(0, count), "buffer");
    count += rest;
  }
  const stream = sha256Stream();
  for (let at = 0; count > 0; count = readSync(fd, buffer, 0, BUFFER_BYTES, at)) {
    stream.update(buffer.subarray(0, count));
    at += count;
  }
  return stream.digest();
}

function compare({ paths, ends, stamps, next, changes }: CompareJob): Problem[] {
  const names = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength);
  for (let from = Atomics.add(next, 0, BATCH); from < ends.length; from = Atomics.add(next, 0, BATCH)) {
    if (Atomics.load(changes, 0) >= changes.length - 1) return [];
    const end = Math.min(ends.length, from + BATCH);
    for (let index = from; index < end; index++) {
      const path = names.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
      // Beyond its end an array takes nothing.
      if (!isSame(path, stamps, index)) changes[1 + Atomics.add(changes, 0, 1)] = index;
    }
  }
  return [];
}

function isSame(path: Buffer, stamps: BigUint64Array, index: number): boolean {
  try {
    return hasStamp(stamps, index, statOrUndefined(path));
  } catch {
    // What cannot be looked at is not known to be the same.
    return false;
  }
}
