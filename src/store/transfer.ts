/** Bytes of one URL into a partial file: resumed where they stopped, bounded while they flow. */
import type { Effects, NetworkReply, WriteHandle } from "../effects/index.ts";
import { forgetPartial, type PartialDownload } from "./download-cache.ts";
import { make } from "./faults.ts";
import { chunksOf, NetworkTrouble, troubleOf } from "./network-trouble.ts";
import { parseSource, requireSecure, shownUrl } from "./source-url.ts";

const IDLE_TIMEOUT_MS = 30_000;
const REDIRECTS_MAX = 5;

type Needs = Pick<Effects, "fs" | "network" | "signal" | "clock">;

export interface Transfer {
  readonly url: URL;
  readonly partial: PartialDownload;
  readonly is_pinned: boolean;
  readonly size_bytes_max: number;
  /** On the clock's `elapsed_ms`: a server that sends a byte now and then is never silent. */
  readonly deadline_ms: number;
  readonly onProgress: (bytes: number) => void;
}

/** @returns from which byte it went on @throws NetworkTrouble, DOWNLOAD_*, the disk's own errors */
export async function transfer(effects: Needs, request: Transfer): Promise<number> {
  const { fs } = effects;
  const { partial } = request;
  const had_bytes = fs.stat(partial.bytes)?.size_bytes ?? 0;
  const tag = had_bytes > 0 ? readTag(effects, request) : undefined;
  const from = tag === undefined ? 0 : had_bytes;
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "holdfast" };
  if (tag !== undefined) Object.assign(headers, { range: `bytes=${from}-`, "if-range": tag });
  const reply = await follow(effects, request, headers);
  try {
    return await receive(effects, request, reply, from);
  } finally {
    // Also where the answer was refused unread: its connection would keep the process alive.
    reply.close();
  }
}

async function receive(
  effects: Needs,
  request: Transfer,
  reply: NetworkReply,
  from: number,
): Promise<number> {
  const { fs } = effects;
  const { partial } = request;
  const resumed = reply.status === 206;
  if (reply.status === 416 || (resumed && !isTheRest(reply, from))) {
    // A partial that is whole already is answered 416, and would be for ever.
    forgetPartial(fs, partial);
    throw new NetworkTrouble(
      `the server answered ${reply.status} with another part than the one missing`,
      true,
    );
  }
  const start = resumed ? from : 0;
  const announced = Number(reply.headers["content-length"] ?? Number.NaN);
  if (announced + start > request.size_bytes_max) throw tooLarge(effects, request);
  const handle = fs.openWrite(partial.bytes, { mode: 0o600, how: resumed ? "append" : "replace" });
  try {
    // After the old bytes went: a new tag beside them would join two files in one.
    if (!resumed) writeTag(effects, partial, reply);
    const written = await pour(effects, request, reply, handle, start);
    if (Number.isFinite(announced) && written !== announced)
      throw new NetworkTrouble(`the answer ended after ${written} of ${announced} bytes`, true);
  } finally {
    handle.close();
  }
  return start;
}

/** Whether an answer of status 206 is everything from this byte on. */
function isTheRest({ headers }: NetworkReply, from: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  if (range === null || from === 0 || Number(range[1]) !== from) return false;
  return range[3] === "*" || Number(range[2]) + 1 === Number(range[3]);
}

async function pour(
  effects: Needs,
  request: Transfer,
  reply: NetworkReply,
  handle: WriteHandle,
  start: number,
): Promise<number> {
  let written = 0;
  for await (const chunk of chunksOf(reply.body)) {
    effects.signal.throwIfAborted();
    if (effects.clock.elapsed_ms() > request.deadline_ms)
      throw new NetworkTrouble(`it takes too long: ${start + written} bytes are here`, false);
    written += chunk.length;
    if (start + written > request.size_bytes_max) throw tooLarge(effects, request);
    handle.write(chunk);
    request.onProgress(start + written);
  }
  return written;
}

/** Redirects by hand: never to a file, never from https to http. */
async function follow(
  { network, signal }: Needs,
  { url, is_pinned }: Transfer,
  headers: Record<string, string>,
): Promise<NetworkReply> {
  let at = url;
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const asked = { url: at.href, headers, idle_timeout_ms: IDLE_TIMEOUT_MS, signal };
    const reply = await network.get(asked).catch((error: unknown) => {
      throw troubleOf(error);
    });
    const { status } = reply;
    if (status === 200 || status === 206 || status === 416) return reply;
    reply.close();
    const target = [301, 302, 303, 307, 308].includes(status) ? reply.headers["location"] : undefined;
    if (target === undefined)
      throw new NetworkTrouble(`the server answered ${status}`, status >= 500 || status === 429);
    const next = redirected(at, target);
    requireSecure(next, is_pinned);
    at = next;
  }
  throw new NetworkTrouble(`it was redirected more than ${REDIRECTS_MAX} times`, false);
}

function redirected(at: URL, target: string): URL {
  if (!URL.canParse(target, at.href)) throw new NetworkTrouble("it was redirected to no URL", false);
  const next = parseSource(new URL(target, at).href);
  if (next.protocol === "file:" || (at.protocol === "https:" && next.protocol === "http:")) {
    const shown = shownUrl(at);
    throw make("DOWNLOAD_INSECURE", `${shown} leads to ${shownUrl(next)}, which is less safe`, {
      url: shown,
      leads_to: shownUrl(next),
    });
  }
  return next;
}

function tooLarge({ fs }: Needs, { url, size_bytes_max, partial }: Transfer): Error {
  // The beginning of what will never be taken is only a burden.
  forgetPartial(fs, partial);
  const shown = shownUrl(url);
  return make("DOWNLOAD_TOO_LARGE", `${shown} is larger than ${size_bytes_max} bytes`, {
    url: shown,
    size_bytes_max,
  });
}

/**
 * A strong tag, or the date, by which a server knows that the rest still belongs to the beginning. Two files of one
 * second share a date, so it serves only where a pinned digest judges the whole (RFC 9110, 8.8.2.2).
 */
function readTag(
  { fs }: Pick<Needs, "fs">,
  { partial, is_pinned }: Pick<Transfer, "partial" | "is_pinned">,
): string | undefined {
  try {
    const { tag } = JSON.parse(fs.readText(partial.about)) as { tag?: unknown };
    if (typeof tag !== "string" || tag.length > 1000) return undefined;
    return tag.startsWith('"') || is_pinned ? tag : undefined;
  } catch {
    return undefined;
  }
}

function writeTag({ fs }: Pick<Needs, "fs">, { about }: PartialDownload, { headers }: NetworkReply): void {
  const etag = headers["etag"];
  const tag = etag !== undefined && !etag.startsWith("W/") ? etag : headers["last-modified"];
  const handle = fs.openWrite(about, { mode: 0o600, how: "replace" });
  try {
    handle.write(Buffer.from(JSON.stringify({ tag: tag ?? null })));
  } finally {
    handle.close();
  }
}
