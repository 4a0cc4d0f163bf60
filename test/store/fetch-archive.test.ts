import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { fetchArchive, isRemote, listArchives, sweepDownloads } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const BYTES = Buffer.alloc(300_000, "holdfast ");
const DIGEST = createHash("sha256").update(BYTES).digest("hex");
const effects = { ...nodeEffects(), clock: { ...nodeEffects().clock, sleep: async () => undefined } };
const CACHE = ".holdfast/cache/downloads";

interface Served {
  readonly url: string;
  readonly asked: IncomingMessage[];
}

/** A real server on loopback; `answer` decides each request. */
async function serve(
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
const ranged = (
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

const fetchFrom = (
  source: string,
  more: { root?: string; digest?: string; size_bytes_max?: number } = {},
) => {
  const { root = temporaryFolder(), ...rest } = more;
  return fetchArchive(effects, { root, source, size_bytes_max: 1 << 30, ...rest });
};

describe("fetchArchive()", () => {
  test("fetches into the cache by digest, and from the cache the second time", async () => {
    const { url, asked } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    const first = await fetchFrom(url, { root, digest: DIGEST });
    expect(first).toMatchObject({ digest: DIGEST, from: "network", resumed_from_bytes: 0 });
    expect(readFileSync(first.path).equals(BYTES)).toBe(true);
    expect(await fetchFrom(url, { root, digest: `sha256:${DIGEST}` })).toMatchObject({ from: "cache" });
    expect(asked).toHaveLength(1);
    writeFileSync(first.path, "other bytes");
    expect(await fetchFrom(url, { root, digest: DIGEST })).toMatchObject({ from: "network" });
    expect(readdirSync(join(root, CACHE, "partial")).filter((name) => !name.endsWith(".lock"))).toEqual([]);
  });

  test("goes on where a broken transfer stopped", async () => {
    const { url, asked } = await serve((request, response, number) =>
      ranged(request, response, number === 1 ? 100_000 : undefined),
    );
    const done = await fetchFrom(url, { digest: DIGEST });
    expect(done.resumed_from_bytes).toBe(100_000);
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=100000-"]);
    expect(readFileSync(done.path).equals(BYTES)).toBe(true);
  });

  test("starts over when the beginning was of other bytes or the server ignores the range", async () => {
    const root = temporaryFolder();
    const { url } = await serve((request, response, number) => {
      if (number > 3) return ranged(request, response);
      response.writeHead(200, { etag: '"v1"', "content-length": 5000 });
      response.write(Buffer.alloc(1000, "x"), () => setTimeout(() => response.destroy(), 20));
    });
    await expect(fetchFrom(url, { root, digest: DIGEST })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      exit_code: 5,
    });
    const done = await fetchFrom(url, { root, digest: DIGEST });
    expect(readFileSync(done.path).equals(BYTES)).toBe(true);
  });

  test("nothing with another digest than the pinned one enters the cache", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    await expect(fetchFrom(url, { root, digest: "0".repeat(64) })).rejects.toMatchObject({
      code: "DOWNLOAD_DIGEST_MISMATCH",
      exit_code: 3,
      details: { actual: DIGEST },
    });
    expect(readdirSync(join(root, CACHE, "sha256"))).toEqual([]);
  });

  test("a size beyond the limit is refused, announced or not", async () => {
    const announced = await serve((request, response) => ranged(request, response));
    const endless = await serve((_, response) => {
      const push = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(65_536), () => setImmediate(push));
      };
      push();
    });
    for (const { url } of [announced, endless])
      await expect(fetchFrom(url, { size_bytes_max: 200_000 })).rejects.toMatchObject({
        code: "DOWNLOAD_TOO_LARGE",
      });
  });

  test("tries again after 5xx, gives up after three, and at once for 404", async () => {
    const recovers = await serve((request, response, number) => {
      if (number === 1) response.writeHead(503).end();
      else ranged(request, response);
    });
    expect(await fetchFrom(recovers.url)).toMatchObject({ from: "network" });
    const never = await serve((_, response) => void response.writeHead(500).end());
    await expect(fetchFrom(never.url)).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    expect(never.asked).toHaveLength(3);
    const absent = await serve((_, response) => void response.writeHead(404).end());
    await expect(fetchFrom(absent.url)).rejects.toThrow("the server answered 404");
    expect(absent.asked).toHaveLength(1);
  });

  test("follows redirects, but to no file and not for ever", async () => {
    const target = await serve((request, response) => ranged(request, response));
    const leads = await serve((_, response) => void response.writeHead(302, { location: target.url }).end());
    expect(await fetchFrom(leads.url, { digest: DIGEST })).toMatchObject({ digest: DIGEST });
    const local = await serve(
      (_, response) => void response.writeHead(302, { location: "file:///etc/passwd" }).end(),
    );
    await expect(fetchFrom(local.url)).rejects.toMatchObject({ code: "DOWNLOAD_INSECURE" });
    const loops = await serve(
      (request, response) => void response.writeHead(302, { location: request.url ?? "/" }).end(),
    );
    await expect(fetchFrom(loops.url)).rejects.toThrow("more than 5 times");
  });

  test("shows no secret of a URL and takes none with a password", async () => {
    const { url } = await serve((_, response) => void response.writeHead(404).end());
    await expect(fetchFrom(`${url}?token=s3cret`)).rejects.not.toThrow("s3cret");
    const refused = fetchFrom("https://ann:s3cret@host.example/a.tar.gz");
    await expect(refused).rejects.toMatchObject({ code: "SOURCE_URL_INVALID", exit_code: 2 });
    expect(JSON.stringify(await refused.catch((error) => error.toJSON()))).not.toContain("s3cret");
    await expect(fetchFrom("ftp://host.example/a")).rejects.toMatchObject({ code: "SOURCE_URL_INVALID" });
    await expect(fetchFrom("http://host.example/a")).rejects.toMatchObject({ code: "DOWNLOAD_INSECURE" });
  });

  test("a stopped command stops the transfer", async () => {
    const { url } = await serve(
      (_, response) => void response.writeHead(200, { "content-length": 10 }).write("x"),
    );
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("stopped by SIGINT")), 100);
    const running = fetchArchive(
      { ...effects, signal: stop.signal },
      { root: temporaryFolder(), source: url, size_bytes_max: 100 },
    );
    await expect(running).rejects.toThrow("stopped by SIGINT");
  });
});

describe("what is there", () => {
  test("a folder of archives is listed, one without is refused", () => {
    const folder = temporaryFolder();
    expect(() => listArchives(effects.fs, folder)).toThrow(
      expect.objectContaining({ code: "ARCHIVES_NOT_FOUND" }),
    );
    for (const name of ["b.tar.gz", "a.tar.gz", "notes.txt"]) writeFileSync(join(folder, name), "x");
    mkdirSync(join(folder, "c.tar.gz"));
    expect(listArchives(effects.fs, folder).map(({ path }) => path)).toEqual([
      join(folder, "a.tar.gz"),
      join(folder, "b.tar.gz"),
    ]);
    expect([isRemote("https://x/y"), isRemote("a/b.tar.gz"), isRemote("file:///x")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("old downloads are swept, new ones stay", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    const { path } = await fetchFrom(url, { root });
    expect(await sweepDownloads(effects, root, { keep_ms: 60_000, dry_run: false })).toEqual({
      files: 0,
      bytes: 0,
    });
    utimesSync(path, new Date(0), new Date(0));
    const found = { files: 1, bytes: BYTES.length };
    expect(await sweepDownloads(effects, root, { keep_ms: 60_000, dry_run: true })).toEqual(found);
    expect(await sweepDownloads(effects, root, { keep_ms: 60_000, dry_run: false })).toEqual(found);
    expect(existsSync(path)).toBe(false);
  });
});
