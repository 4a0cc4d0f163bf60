/**
 * Work on many files that threads share: each takes the next batch until none is left, so that a thread that comes late or
 * has other work first slows nobody. Results go into shared memory; only problems are sent.
 */
import { hash } from "node:crypto";
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { sha256Stream } from "../../kernel/index.ts";
import { FILE_STATE, STAMP_WIDTH } from "../ports.ts";
import { hasStamp, statOrUndefined, writeStamp } from "./stamp.ts";

const BATCH = 64;
const DIGEST_BYTES = 32;
const BUFFER_BYTES = 1 << 20;
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface DigestJob {
  readonly kind: "digest";
  readonly paths: readonly string[];
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
  const { paths, next } = job;
  const problems: Problem[] = [];
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (let from = Atomics.add(next, 0, BATCH); from < paths.length; from = Atomics.add(next, 0, BATCH)) {
    const end = Math.min(paths.length, from + BATCH);
    for (let index = from; index < end; index++) {
      try {
        job.states[index] = digestOne(job, index, buffer);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === undefined) throw error;
        job.states[index] = FILE_STATE.unreadable;
        problems.push([index, code]);
      }
    }
  }
  return problems;
}

const NOTHING_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"]);

function digestOne({ paths, known, stamps, digests }: DigestJob, index: number, buffer: Buffer): number {
  const path = paths[index] ?? "";
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
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) return FILE_STATE.no_file;
    writeStamp(stamps, index, stats);
    digests.set(digestOpen(fd, stats, buffer), index * DIGEST_BYTES);
    return FILE_STATE.hashed;
  } finally {
    closeSync(fd);
  }
}

function digestOpen(fd: number, { size }: BigIntStats, buffer: Buffer): Uint8Array {
  let count = readSync(fd, buffer, 0, BUFFER_BYTES, null);
  if (count < BUFFER_BYTES) {
    // A short first read is the whole file only when the next read says so.
    const rest = count === Number(size) ? 0 : readSync(fd, buffer, count, BUFFER_BYTES - count, null);
    if (rest === 0) return hash("sha256", buffer.subarray(0, count), "buffer");
    count += rest;
  }
  const stream = sha256Stream();
  while (count > 0) {
    stream.update(buffer.subarray(0, count));
    count = readSync(fd, buffer, 0, BUFFER_BYTES, null);
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
