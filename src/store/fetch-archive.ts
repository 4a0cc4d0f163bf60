/** The download phase: a URL becomes a file of known digest in the cache. */
import type { Effects } from "../effects/index.ts";
import { bare, Fault } from "../kernel/index.ts";
import {
  cachedPath,
  digestFile,
  findCached,
  makeCacheFolders,
  type Partial,
  partialOf,
} from "./download-cache.ts";
import { make } from "./faults.ts";
import { parseSource, requireSecure, shownUrl } from "./source-url.ts";
import { Passing, type Transfer, transfer } from "./transfer.ts";

const ATTEMPTS = 3;
const BACKOFF_MS = 500;
const PASSING = new Set(["ECONNRESET", "ETIMEDOUT", "EPIPE", "ECONNREFUSED", "EAI_AGAIN", "UND_ERR_SOCKET"]);

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
  readonly from: "file" | "cache" | "network";
  readonly resumed_from_bytes: number;
}

type Needs = Pick<Effects, "fs" | "network" | "locks" | "clock" | "signal" | "random">;

/**
 * A pinned download that is in the cache is not fetched again. One that broke off goes on where it stopped. Memory does not
 * grow with size.
 * @throws SOURCE_URL_INVALID, DOWNLOAD_INSECURE, DOWNLOAD_TOO_LARGE, DOWNLOAD_DIGEST_MISMATCH, DOWNLOAD_FAILED
 */
export async function fetchArchive(effects: Needs, request: FetchRequest): Promise<Fetched> {
  const url = parseSource(request.source);
  if (url.protocol === "file:")
    return { path: decodeURIComponent(url.pathname), digest: undefined, from: "file", resumed_from_bytes: 0 };
  const expected = request.digest === undefined ? undefined : bare(request.digest);
  requireSecure(url, expected !== undefined);
  const { fs } = effects;
  const { root } = request;
  makeCacheFolders(fs, root);
  const cached = expected === undefined ? undefined : findCached(fs, root, expected);
  if (cached !== undefined) return { path: cached, digest: expected, from: "cache", resumed_from_bytes: 0 };
  const partial = partialOf(root, request.source);
  // Two processes may want the same URL; the second waits and then finds it.
  const lock = await effects.locks.acquire(partial.lock, { wait_ms: 600_000, signal: effects.signal });
  if (lock === undefined) throw failed(url, "another process is fetching it");
  try {
    return await fetchLocked(effects, request, url, partial, expected);
  } finally {
    lock.release();
  }
}

async function fetchLocked(
  effects: Needs,
  request: FetchRequest,
  url: URL,
  partial: Partial,
  expected: string | undefined,
): Promise<Fetched> {
  const { fs } = effects;
  const found = expected === undefined ? undefined : findCached(fs, request.root, expected);
  if (found !== undefined) return { path: found, digest: expected, from: "cache", resumed_from_bytes: 0 };
  const wanted: Transfer = {
    url,
    partial,
    is_pinned: expected !== undefined,
    size_bytes_max: request.size_bytes_max,
    onProgress: request.onProgress ?? (() => undefined),
  };
  let resumed_from_bytes = await attempt(effects, wanted);
  let actual = digestFile(fs, partial.bytes);
  if (expected !== undefined && actual !== expected && resumed_from_bytes > 0) {
    // The beginning may have been of other bytes: once more, whole.
    forget(effects, partial);
    resumed_from_bytes = await attempt(effects, wanted);
    actual = digestFile(fs, partial.bytes);
  }
  if (expected !== undefined && actual !== expected) {
    forget(effects, partial);
    const shown = shownUrl(url);
    const details = { url: shown, expected, actual };
    throw make(
      "DOWNLOAD_DIGEST_MISMATCH",
      `${shown} has sha256 ${actual}, not the pinned ${expected}`,
      details,
    );
  }
  const path = cachedPath(request.root, actual);
  fs.rename(partial.bytes, path);
  fs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
  forget(effects, partial);
  return { path, digest: actual, from: "network", resumed_from_bytes };
}

async function attempt(effects: Needs, wanted: Transfer): Promise<number> {
  for (let number = 1; ; number++) {
    try {
      return await transfer(effects, wanted);
    } catch (error) {
      effects.signal.throwIfAborted();
      if (error instanceof Fault) throw error;
      const { code } = error as { code?: string };
      const may_pass = error instanceof Passing || (code !== undefined && PASSING.has(code));
      const problem = error instanceof Error ? error.message : String(error);
      // What is no matter of the network, such as a full disk, is told as it is.
      if (!may_pass)
        throw code === undefined || /^E(NOSPC|IO|ACCES|MFILE|ROFS)$/.test(code)
          ? error
          : failed(wanted.url, problem);
      if (number === ATTEMPTS) throw failed(wanted.url, problem);
      await effects.clock.sleep(BACKOFF_MS * number);
    }
  }
}

function failed(url: URL, problem: string): Error {
  const shown = shownUrl(url);
  return make("DOWNLOAD_FAILED", `${shown} cannot be fetched: ${problem}`, { url: shown, problem });
}

function forget({ fs }: Needs, partial: Partial): void {
  for (const path of [partial.bytes, partial.about]) if (fs.stat(path) !== undefined) fs.remove(path);
}
