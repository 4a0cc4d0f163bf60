/** Archives on a real server on loopback, and the fetching of them. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { fetchArchive } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/tree.ts";

export const BYTES = Buffer.alloc(300_000, "holdfast ");
export const DIGEST = createHash("sha256").update(BYTES).digest("hex");
export const effects = { ...nodeEffects(), clock: { ...nodeEffects().clock, sleep: async () => undefined } };
export const CACHE = ".holdfast/cache/downloads";

interface Served {
  readonly url: string;
  readonly asked: IncomingMessage[];
}

/** A real server on loopback; `answer` decides each request. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, number: number) => void,
): Promise<Served> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar.gz`, asked };
}

/** A server that knows ranges. */
export const ranged = (
  request: IncomingMessage,
  response: ServerResponse,
  cut_after = Number.POSITIVE_INFINITY,
): void => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const is_partial = from > 0 && request.headers["if-range"] === '"v1"';
  const start = is_partial ? from : 0;
  const rest = BYTES.subarray(start);
  response.writeHead(is_partial ? 206 : 200, {
    etag: '"v1"',
    "content-length": rest.length,
    ...(is_partial ? { "content-range": `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` } : {}),
  });
  if (rest.length <= cut_after) {
    response.end(rest);
    return;
  }
  response.write(rest.subarray(0, cut_after), () => setTimeout(() => response.destroy(), 50));
};

export const fetchFrom = (
  source: string,
  more: { root?: string; digest?: string; size_bytes_max?: number } = {},
) => {
  const { root = temporaryFolder(), ...rest } = more;
  return fetchArchive(effects, { root, source, size_bytes_max: 1 << 30, ...rest });
};

/** What an earlier process left: bytes and the tag they came with. */
export function leave(root: string, url: string, bytes: Buffer, tag = '"v1"'): string {
  const base = join(root, CACHE, "partial", createHash("sha256").update(url).digest("hex"));
  mkdirSync(join(root, CACHE, "partial"), { recursive: true });
  writeFileSync(base, bytes);
  writeFileSync(`${base}.json`, JSON.stringify({ tag }));
  return base;
}
