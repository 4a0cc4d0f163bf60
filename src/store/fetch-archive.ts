/** The download phase: a URL becomes a file of known digest in the cache. */
import type { Effects } from "../effects/index.ts";
import { assert, bare, Fault } from "../kernel/index.ts";
import {
  cachedPath,
  digestFile,
  findCached,
  forgetPartial,
  makeCacheFolders,
  type PartialDownload,
  partialOf,
} from "./download-cache.ts";
import { make } from "./faults.ts";
import { findStored } from "./find-stored.ts";
import { NetworkTrouble } from "./network-trouble.ts";
import { parseSource, pathIn, requireSecure, shownUrl } from "./source-url.ts";
import { type Transfer, transfer } from "./transfer.ts";

const ATTEMPTS = 3;
const BACKOFF_MS = 500;
const LOCK_WAIT_MS = 10 * 60_000;
/** For all attempts of one command; the next command goes on from there. */
const TOTAL_MS = 60 * 60_000;

export interface FetchRequest {
  /** Plane root, absolute; the cache lies below it. */
  readonly root: string;
  /** http, https or file URL. */
  readonly source: string;
  /** sha256, bare or prefixed, that the bytes must have. */
  readonly digest?: string;
  readonly size_bytes_max: number;
  readonly onProgress?: (bytes: number) => void;
}

export interface Fetched {
  /** Absolute path of a file to read. */
  readonly path: string;
  /** Bare hex; undefined for a local file, which its reader hashes anyway. */
  readonly digest: string | undefined;
  /** `store`: no server gave the bytes, but the plane's own store holds them. */
  readonly from: "file" | "cache" | "network" | "store";
  readonly resumed_from_bytes: number;
}

type Needs = Pick<Effects, "fs" | "network" | "locks" | "clock" | "signal">;

/**
 * A pinned download that is in the cache is not fetched again; where no server gives it, the store may. One that broke
 * off goes on where it stopped. Memory does not grow with size.
 * @throws SOURCE_URL_INVALID, DOWNLOAD_INSECURE, DOWNLOAD_TOO_LARGE, DOWNLOAD_DIGEST_MISMATCH, DOWNLOAD_FAILED
 */
export async function fetchArchive(effects: Needs, request: FetchRequest): Promise<Fetched> {
  const url = parseSource(request.source);
  if (url.protocol === "file:")
    return { path: pathIn(url) ?? "", digest: undefined, from: "file", resumed_from_bytes: 0 };
  const expected = request.digest === undefined ? undefined : bare(request.digest);
  // It becomes a file name, and what stands there under another digest is removed.
  assert(expected === undefined || /^[0-9a-f]{64}$/.test(expected), "a pinned digest is 64 hex digits");
  requireSecure(url, expected !== undefined);
  const { fs } = effects;
  const { root } = request;
  makeCacheFolders(fs, root);
  const cached = expected === undefined ? undefined : await findCached(effects, root, expected);
  if (cached !== undefined) return { path: cached, digest: expected, from: "cache", resumed_from_bytes: 0 };
  const partial = partialOf(root, request.source);
  // Two processes may want the same URL; the second waits and then finds it.
  const lock = await effects.locks.acquire(partial.lock, { wait_ms: LOCK_WAIT_MS, signal: effects.signal });
  effects.signal.throwIfAborted();
  if (lock === undefined) throw failed(url, "another process is fetching it");
  try {
    return await fetchLocked(effects, request, url, partial, expected);
  } catch (error) {
    if (expected === undefined || !(error instanceof Fault) || error.code !== "DOWNLOAD_FAILED") throw error;
    const stored = await findStored(effects, root, expected);
    if (stored === undefined) throw error;
    return { path: stored, digest: expected, from: "store", resumed_from_bytes: 0 };
  } finally {
    lock.release();
  }
}

async function fetchLocked(
  effects: Needs,
  request: FetchRequest,
  url: URL,
  partial: PartialDownload,
  expected: string | undefined,
): Promise<Fetched> {
  const { fs } = effects;
  const found = expected === undefined ? undefined : await findCached(effects, request.root, expected);
  if (found !== undefined) return { path: found, digest: expected, from: "cache", resumed_from_bytes: 0 };
  const wanted: Transfer = {
    url,
    partial,
    is_pinned: expected !== undefined,
    size_bytes_max: request.size_bytes_max,
    deadline_ms: effects.clock.elapsed_ms() + TOTAL_MS,
    onProgress: request.onProgress ?? (() => undefined),
  };
  let resumed_from_bytes = await attempt(effects, wanted);
  let actual = await digestFile(effects, partial.bytes);
  if (expected !== undefined && actual !== expected && resumed_from_bytes > 0) {
    // The beginning may have been of other bytes: once more, whole.
    forgetPartial(fs, partial);
    resumed_from_bytes = await attempt(effects, wanted);
    actual = await digestFile(effects, partial.bytes);
  }
  if (expected !== undefined && actual !== expected) {
    forgetPartial(fs, partial);
    const shown = shownUrl(url);
    const details = { url: shown, expected, actual };
    throw make(
      "DOWNLOAD_DIGEST_MISMATCH",
      `${shown} has sha256 ${actual}, not the pinned ${expected}`,
      details,
    );
  }
  const path = cachedPath(request.root, actual);
  await fs.syncFiles([partial.bytes]);
  fs.rename(partial.bytes, path);
  fs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
  forgetPartial(fs, partial);
  return { path, digest: actual, from: "network", resumed_from_bytes };
}

async function attempt(effects: Needs, wanted: Transfer): Promise<number> {
  for (let number = 1; ; number++) {
    try {
      return await transfer(effects, wanted);
    } catch (error) {
      effects.signal.throwIfAborted();
      // What is no matter of the network, such as a full disk, is told as it is.
      if (!(error instanceof NetworkTrouble)) throw error;
      if (!error.may_pass || number === ATTEMPTS) throw failed(wanted.url, error.message, error);
      await pause(effects, BACKOFF_MS * number);
    }
  }
}

/** Sleeps, unless the command is stopped meanwhile. */
async function pause({ clock, signal }: Needs, duration_ms: number): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([clock.sleep(duration_ms), stopped]);
  signal.throwIfAborted();
}

function failed(url: URL, problem: string, cause?: unknown): Error {
  const shown = shownUrl(url);
  return make("DOWNLOAD_FAILED", `${shown} cannot be fetched: ${problem}`, { url: shown, problem }, cause);
}
