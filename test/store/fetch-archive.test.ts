import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fetchArchive, isRemote, listArchives, sweepDownloads } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { BYTES, CACHE, DIGEST, effects, fetchFrom, leave, ranged, serve } from "./archive-server.ts";

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

describe("fetchArchive() after mishaps", () => {
  test("a partial that was whole already is no dead end", async () => {
    const { url, asked } = await serve((request, response) => {
      if (request.headers.range === `bytes=${BYTES.length}-`) response.writeHead(416).end();
      else ranged(request, response);
    });
    const root = temporaryFolder();
    leave(root, url, BYTES);
    expect(await fetchFrom(url, { root, digest: DIGEST })).toMatchObject({ from: "network", digest: DIGEST });
    expect(asked).toHaveLength(2);
  });

  test("a partial of another process is finished; one that never fitted is fetched whole once", async () => {
    for (const [left, asks] of [
      [BYTES.subarray(0, 4096), 1],
      [Buffer.alloc(4096, "?"), 2],
    ] as const) {
      const { url, asked } = await serve((request, response) => ranged(request, response));
      const root = temporaryFolder();
      leave(root, url, left);
      const done = await fetchFrom(url, { root, digest: DIGEST });
      expect(done.digest).toBe(DIGEST);
      expect(asked).toHaveLength(asks);
    }
  });

  test.each([
    ["nobody asked for", undefined, `bytes 100-${BYTES.length - 1}/${BYTES.length}`],
    ["from elsewhere", BYTES.subarray(0, 4096), `bytes 100-${BYTES.length - 1}/${BYTES.length}`],
    ["that ends early", BYTES.subarray(0, 100), `bytes 100-199/${BYTES.length}`],
    ["of no known place", BYTES.subarray(0, 100), undefined],
  ])("a part %s is never taken for the rest", async (_, left, range) => {
    const { url } = await serve((_request, response, number) => {
      if (number > 1) return ranged(_request, response);
      const part = range?.includes("199/") === true ? BYTES.subarray(100, 200) : BYTES.subarray(100);
      response.writeHead(206, range === undefined ? {} : { "content-range": range }).end(part);
    });
    const root = temporaryFolder();
    if (left !== undefined) leave(root, url, left);
    // Unpinned: nothing but the range says that these bytes do not belong together.
    expect((await fetchFrom(url, { root })).digest).toBe(DIGEST);
  });

  test("old bytes never stand beside a new tag, whenever the process dies", async () => {
    const { url } = await serve((_, response) => void response.writeHead(200, { etag: '"v2"' }).end("new"));
    const root = temporaryFolder();
    const base = leave(root, url, Buffer.from("old bytes"));
    const fs: typeof effects.fs = {
      ...effects.fs,
      openWrite(path, options) {
        if (path === base) throw new Error("killed");
        return effects.fs.openWrite(path, options);
      },
    };
    const running = fetchArchive({ ...effects, fs }, { root, source: url, size_bytes_max: 100 });
    await expect(running).rejects.toThrow("killed");
    expect(readFileSync(`${base}.json`, "utf8")).toContain("v1");
  });

  test("a full disk is told as such, not as a matter of the network", async () => {
    const { url, asked } = await serve((request, response) => ranged(request, response));
    const fs: typeof effects.fs = {
      ...effects.fs,
      openWrite(path, options) {
        const write = (): never => {
          throw Object.assign(new Error("EDQUOT: quota"), { code: "EDQUOT", path });
        };
        return path.endsWith(".json")
          ? effects.fs.openWrite(path, options)
          : { ...effects.fs.openWrite(path, options), write };
      },
    };
    const running = fetchArchive(
      { ...effects, fs },
      { root: temporaryFolder(), source: url, size_bytes_max: 1 << 30 },
    );
    await expect(running).rejects.toMatchObject({ code: "EDQUOT" });
    expect(asked).toHaveLength(1);
  });

  test("folders another process makes at the same moment are no failure", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const fs: typeof effects.fs = {
      ...effects.fs,
      makeDirectory(path, mode) {
        effects.fs.makeDirectory(path, mode);
        effects.fs.makeDirectory(path, mode);
      },
    };
    const root = temporaryFolder();
    const done = await fetchArchive({ ...effects, fs }, { root, source: url, size_bytes_max: 1 << 30 });
    expect(done.digest).toBe(DIGEST);
  });

  test("two at once want the same bytes and both get them", async () => {
    const { url, asked } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    const both = await Promise.all([1, 2].map(() => fetchFrom(url, { root, digest: DIGEST })));
    expect(both.map(({ from }) => from).sort()).toEqual(["cache", "network"]);
    expect(asked).toHaveLength(1);
  });

  test("an answer refused unread holds no connection", async () => {
    let ended: Promise<void> | undefined;
    const { url } = await serve((_, response) => {
      ended = new Promise((resolve) => response.on("close", resolve));
      response.writeHead(200, { "content-length": 1 << 20 }).write("x");
    });
    await expect(fetchFrom(url, { size_bytes_max: 100 })).rejects.toMatchObject({ exit_code: 2 });
    await ended;
  });

  test("a stopped command waits neither for a lock nor for another try", async () => {
    const { url } = await serve((_, response) => void response.writeHead(503).end());
    const root = temporaryFolder();
    const stop = (): AbortSignal => AbortSignal.timeout(100);
    const request = { root, source: url, size_bytes_max: 100 };
    const slow = { ...effects, clock: { ...effects.clock, sleep: () => new Promise<void>(() => undefined) } };
    await expect(fetchArchive({ ...slow, signal: stop() }, request)).rejects.toThrow("aborted");
    const lock = await effects.locks.acquire(`${leave(root, url, BYTES)}.lock`, { wait_ms: 0 });
    await expect(fetchArchive({ ...effects, signal: stop() }, request)).rejects.toThrow("aborted");
    lock?.release();
  });

  test("a digest is never a path, a file URL always is", async () => {
    const root = temporaryFolder();
    writeFileSync(join(root, "precious"), "x");
    const wild = fetchFrom("https://host.example/a", { root, digest: "../../../../precious" });
    await expect(wild).rejects.toThrow("64 hex digits");
    expect(existsSync(join(root, "precious"))).toBe(true);
    expect(await fetchFrom("file:///a%20b.tar.gz")).toMatchObject({ path: "/a b.tar.gz", from: "file" });
    for (const path of ["%", "a%00", "a%2Fb"])
      await expect(fetchFrom(`file:///${path}`)).rejects.toMatchObject({ code: "SOURCE_URL_INVALID" });
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
      size_bytes: 0,
    });
    utimesSync(path, new Date(0), new Date(0));
    const found = { files: 1, size_bytes: BYTES.length };
    expect(await sweepDownloads(effects, root, { keep_ms: 60_000, dry_run: true })).toEqual(found);
    expect(await sweepDownloads(effects, root, { keep_ms: 60_000, dry_run: false })).toEqual(found);
    expect(existsSync(path)).toBe(false);
  });
});
