/** Bytes of one URL into a partial file: resumed where they stopped, bounded while they flow. */
import type { Effects, NetworkReply, WriteHandle } from "../effects/index.ts";
import type { Partial } from "./download-cache.ts";
import { make } from "./faults.ts";
import { parseSource, requireSecure, shownUrl } from "./source-url.ts";

const IDLE_TIMEOUT_MS = 30_000;
const REDIRECTS_MAX = 5;

type Needs = Pick<Effects, "fs" | "network" | "signal">;

export interface Transfer {
  readonly url: URL;
  readonly partial: Partial;
  readonly is_pinned: boolean;
  readonly size_bytes_max: number;
  readonly onProgress: (bytes: number) => void;
}

/** An answer that another try may better. */
export class Passing extends Error {
  override readonly name = "Passing";
}

/** @returns from which byte it went on @throws Passing, DOWNLOAD_*, the network's own errors */
export async function transfer(effects: Needs, request: Transfer): Promise<number> {
  const { fs } = effects;
  const { partial } = request;
  const had_bytes = fs.stat(partial.bytes)?.size_bytes ?? 0;
  const tag = had_bytes > 0 ? readTag(effects, partial) : undefined;
  const from = tag === undefined ? 0 : had_bytes;
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "holdfast" };
  if (tag !== undefined) Object.assign(headers, { range: `bytes=${from}-`, "if-range": tag });
  const reply = await follow(effects, request, headers);
  const resumed =
    reply.status === 206 && reply.headers["content-range"]?.startsWith(`bytes ${from}-`) === true;
  const start = resumed ? from : 0;
  const announced = Number(reply.headers["content-length"] ?? Number.NaN);
  if (announced + start > request.size_bytes_max) throw tooLarge(request);
  writeTag(effects, partial, reply);
  const handle = fs.openWrite(partial.bytes, { mode: 0o600, how: resumed ? "append" : "replace" });
  try {
    const written = await pour(effects, request, reply, handle, start);
    if (Number.isFinite(announced) && written !== announced)
      throw new Passing(`the answer ended after ${written} of ${announced} bytes`);
    handle.sync();
  } finally {
    handle.close();
  }
  return start;
}

async function pour(
  { signal }: Needs,
  request: Transfer,
  reply: NetworkReply,
  handle: WriteHandle,
  start: number,
): Promise<number> {
  let written = 0;
  for await (const chunk of reply.body) {
    signal.throwIfAborted();
    written += chunk.length;
    if (start + written > request.size_bytes_max) throw tooLarge(request);
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
    const reply = await network.get({ url: at.href, headers, idle_timeout_ms: IDLE_TIMEOUT_MS, signal });
    const { status } = reply;
    if (status === 200 || status === 206) return reply;
    const target = [301, 302, 303, 307, 308].includes(status) ? reply.headers["location"] : undefined;
    await end(reply);
    if (target === undefined) throw refused(at, status);
    const next = parseSource(new URL(target, at).href);
    if (next.protocol === "file:" || (at.protocol === "https:" && next.protocol === "http:"))
      throw make("DOWNLOAD_INSECURE", `${shownUrl(at)} leads to ${shownUrl(next)}, which is less safe`, {
        url: shownUrl(at),
      });
    requireSecure(next, is_pinned);
    at = next;
  }
  const shown = shownUrl(url);
  const problem = `it was redirected more than ${REDIRECTS_MAX} times`;
  throw make("DOWNLOAD_FAILED", `${shown} cannot be fetched: ${problem}`, { url: shown, problem });
}

function refused(at: URL, status: number): Error {
  const problem = `the server answered ${status}`;
  if (status >= 500 || status === 429 || status === 416) return new Passing(problem);
  const shown = shownUrl(at);
  return make("DOWNLOAD_FAILED", `${shown} cannot be fetched: ${problem}`, { url: shown, problem });
}

async function end({ body }: NetworkReply): Promise<void> {
  for await (const _ of body) break;
}

function tooLarge({ url, size_bytes_max }: Transfer): Error {
  const shown = shownUrl(url);
  return make("DOWNLOAD_TOO_LARGE", `${shown} is larger than ${size_bytes_max} bytes`, {
    url: shown,
    size_bytes_max,
  });
}

/** A strong tag, or the date, by which a server knows that the rest still belongs to the beginning. */
function readTag({ fs }: Pick<Needs, "fs">, { about }: Partial): string | undefined {
  try {
    const { tag } = JSON.parse(fs.readText(about)) as { tag?: unknown };
    return typeof tag === "string" && tag.length < 1000 ? tag : undefined;
  } catch {
    return undefined;
  }
}

function writeTag({ fs }: Pick<Needs, "fs">, { about }: Partial, { headers }: NetworkReply): void {
  const etag = headers["etag"];
  const tag = etag !== undefined && !etag.startsWith("W/") ? etag : headers["last-modified"];
  const handle = fs.openWrite(about, { mode: 0o600, how: "replace" });
  try {
    handle.write(Buffer.from(JSON.stringify({ tag: tag ?? null })));
  } finally {
    handle.close();
  }
}
