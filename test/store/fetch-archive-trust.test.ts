import { existsSync, mkdirSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Network } from "../../src/effects/index.ts";
import { fetchArchive, isRemote, sweepDownloads } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/tree.ts";
import { BYTES, CACHE, DIGEST, effects, fetchFrom, leave, ranged, serve } from "./archive-server.ts";

const DATE = "Wed, 01 Jan 2025 00:00:00 GMT";
const NOWHERE = "http://127.0.0.1:9/a.tar.gz";

/** A plane whose store holds these bytes, beside the digest they should have. */
function planeWith(bytes: Buffer): { root: string; stored: string } {
  const root = temporaryFolder();
  const stored = join(root, "packages_store", "PKG-T1-A-001.tar.gz");
  mkdirSync(join(root, "packages_store"));
  writeFileSync(stored, bytes);
  writeFileSync(`${stored}.sha256`, DIGEST);
  return { root, stored };
}

describe("whose bytes are believed", () => {
  test("a date joins two parts only where a pinned digest judges the whole", async () => {
    for (const [digest, range] of [
      [DIGEST, "bytes=4096-"],
      [undefined, undefined],
    ] as const) {
      const { url, asked } = await serve((request, response) => ranged(request, response));
      const root = temporaryFolder();
      leave(root, url, BYTES.subarray(0, 4096), DATE);
      expect((await fetchFrom(url, { root, ...(digest && { digest }) })).digest).toBe(DIGEST);
      expect(asked[0]?.headers.range).toBe(range);
    }
  });

  test("a weak tag begins from zero", async () => {
    const { url, asked } = await serve((request, response, number) => {
      if (number > 1) return ranged(request, response);
      response.writeHead(200, { etag: 'W/"v1"', "content-length": BYTES.length });
      response.write(BYTES.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    });
    expect(await fetchFrom(url, { digest: DIGEST })).toMatchObject({ resumed_from_bytes: 0 });
    expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  test("where no server gives pinned bytes the store does, once they prove to be those", async () => {
    const { root, stored } = planeWith(BYTES);
    expect(await fetchFrom(NOWHERE, { root, digest: DIGEST })).toEqual({
      path: stored,
      digest: DIGEST,
      from: "store",
      resumed_from_bytes: 0,
    });
    await expect(fetchFrom(NOWHERE, { root })).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
    const damaged = planeWith(Buffer.from("other bytes"));
    await expect(fetchFrom(NOWHERE, { root: damaged.root, digest: DIGEST })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
  });

  test("a damaged cache entry stays unused until whole bytes replace it", async () => {
    const root = temporaryFolder();
    const entry = join(root, CACHE, "sha256", DIGEST);
    mkdirSync(join(root, CACHE, "sha256"), { recursive: true });
    writeFileSync(entry, "other bytes");
    await expect(fetchFrom(NOWHERE, { root, digest: DIGEST })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
    });
    const { url } = await serve((request, response) => ranged(request, response));
    expect(await fetchFrom(url, { root, digest: DIGEST })).toMatchObject({ path: entry, from: "network" });
    expect(readFileSync(entry).equals(BYTES)).toBe(true);
  });

  test("https never becomes http, whatever is pinned, and a password in a redirect is not shown", async () => {
    for (const [location, code] of [
      ["http://127.0.0.1:9/a", "DOWNLOAD_INSECURE"],
      ["https://ann:s3cret@host.example/a", "SOURCE_URL_INVALID"],
      ["http://ann:s3cret@[", "DOWNLOAD_FAILED"],
    ] as const) {
      const get: Network["get"] = async () => ({
        status: 302,
        headers: { location },
        body: (async function* () {})(),
        close: () => undefined,
      });
      const request = { root: temporaryFolder(), source: "https://host.example/a", size_bytes_max: 100 };
      const refused = fetchArchive(
        { ...effects, network: { ...effects.network, get } },
        { ...request, digest: DIGEST },
      );
      await expect(refused).rejects.toMatchObject({ code });
      const fault = await refused.catch((error: unknown) => JSON.stringify(error));
      expect(fault).not.toContain("s3cret");
      expect(fault).not.toContain("pin the bytes");
    }
  });
});

describe("when it takes long", () => {
  test("a server that sends a byte now and then is given up, and its bytes are kept", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    let elapsed_ms = 0;
    const clock = { ...effects.clock, elapsed_ms: () => (elapsed_ms += 40 * 60_000) };
    const request = { root, source: url, digest: DIGEST, size_bytes_max: 1 << 30 };
    const slow = fetchArchive({ ...effects, clock }, request);
    await expect(slow).rejects.toThrow("it takes too long");
    expect((await fetchFrom(url, { root, digest: DIGEST })).resumed_from_bytes).toBeGreaterThan(0);
  });

  test("a stopped command does not finish digesting", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    await fetchFrom(url, { root });
    const stop = new AbortController();
    const breathe = async (): Promise<void> => stop.abort(new Error("stopped by SIGINT"));
    const stopped = { ...effects, clock: { ...effects.clock, breathe }, signal: stop.signal };
    const request = { root, source: url, digest: DIGEST, size_bytes_max: 1 << 30 };
    await expect(fetchArchive(stopped, request)).rejects.toThrow("stopped by SIGINT");
  });
});

describe("what is told", () => {
  test("a host that refuses on every address is told in words", async () => {
    const get: Network["get"] = () =>
      Promise.reject(Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" }));
    const request = { root: temporaryFolder(), source: NOWHERE, size_bytes_max: 100 };
    await expect(fetchArchive({ ...effects, network: { ...effects.network, get } }, request)).rejects.toThrow(
      /: ECONNREFUSED$/,
    );
  });

  test("a URL without its slashes is a URL still, and what is none is not shown", async () => {
    expect(["https:ann:s3cret@host/a", "HTTP:/x", "a:b.tar.gz", "./http:x"].map(isRemote)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    for (const source of ["https:ann:s3cret@host/a", "ann:s3cret@host", "s3cret", "https://ann:s3cret@["]) {
      const refused = fetchFrom(source);
      await expect(refused).rejects.toMatchObject({ code: "SOURCE_URL_INVALID" });
      expect(await refused.catch((error: unknown) => JSON.stringify(error))).not.toContain("s3cret");
    }
  });

  test("progress counts every byte from where it went on", async () => {
    const { url } = await serve((request, response) => ranged(request, response));
    const root = temporaryFolder();
    leave(root, url, BYTES.subarray(0, 4096));
    const seen: number[] = [];
    const onProgress = (bytes: number): void => void seen.push(bytes);
    await fetchArchive(effects, { root, source: url, size_bytes_max: 1 << 30, onProgress });
    expect(seen[0]).toBeGreaterThan(4096);
    expect(seen.at(-1)).toBe(BYTES.length);
  });
});

test("sweepDownloads() counts only what it removed, and leaves locks", async () => {
  const root = temporaryFolder();
  const base = leave(root, NOWHERE, BYTES);
  writeFileSync(`${base}.lock`, "");
  for (const path of [base, `${base}.json`, `${base}.lock`]) utimesSync(path, new Date(0), new Date(0));
  const fs: typeof effects.fs = {
    ...effects.fs,
    remove(path) {
      // Somebody else was faster with one of them.
      if (path === base) unlinkSync(path);
      effects.fs.remove(path);
    },
  };
  expect(await sweepDownloads({ ...effects, fs }, root, { keep_ms: 1000, dry_run: false })).toMatchObject({
    files: 1,
  });
  expect([base, `${base}.json`, `${base}.lock`].map((path) => existsSync(path))).toEqual([
    false,
    false,
    true,
  ]);
});
