/** One wrong byte anywhere: a fault, or the very same members under another digest; never a crash, never silence. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type ArchiveListing, readArchive } from "../../src/archive/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import { gzip, longName, pax, record, tar } from "../attacks/tar-bytes.ts";
import { temporaryFolder } from "../support/tree.ts";
import { effects } from "./packing.ts";

const TAR = tar(
  record({ name: "dir/", type: "5", mode: 0o755 }),
  record({ name: "dir/a.txt", body: "some content" }),
  pax({ path: "dir/é.txt", mtime: "12.5" }),
  record({ name: "dir/?.txt", body: "x".repeat(600) }),
  longName(`dir/${"n".repeat(120)}`),
  record({ name: `dir/${"n".repeat(96)}`, body: "long", magic: "ustar  \0" }),
);
const WHOLE = gzip(TAR);

let path = "";
beforeEach(() => {
  path = join(temporaryFolder(), "corrupt.tar.gz");
});

async function outcome(bytes: Buffer): Promise<ArchiveListing | Fault> {
  writeFileSync(path, bytes);
  try {
    return await readArchive(effects, path, { keep: () => true });
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return error as Fault;
  }
}

const changes = (length: number) =>
  fc.record({ at: fc.nat({ max: length - 1 }), change: fc.integer({ min: 1, max: 255 }) });
const changed = (bytes: Buffer, { at, change }: { at: number; change: number }): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ change;
  return copy;
};

test("in the packed bytes: nothing but harmless header fields may differ", async () => {
  const whole = (await outcome(WHOLE)) as ArchiveListing;
  expect(whole.members).toHaveLength(5);
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(changes(WHOLE.length), async (change) => {
      const seen = await outcome(changed(WHOLE, change));
      if (seen instanceof Fault) {
        refused += 1;
        return;
      }
      expect(seen.digest).not.toBe(whole.digest);
      expect(seen.content_digest).toBe(whole.content_digest);
      expect(seen.members).toEqual(whole.members);
    }),
    { seed: 3, numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(250);
});

test("in the tar, packed again: a fault, or a difference that shows in the content digest", async () => {
  const whole = (await outcome(WHOLE)) as ArchiveListing;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(changes(TAR.length), async (change) => {
      const seen = await outcome(gzip(changed(TAR, change)));
      if (seen instanceof Fault) refused += 1;
      else expect(seen.content_digest).not.toBe(whole.content_digest);
    }),
    { seed: 5, numRuns: 300 },
  );
  expect(refused).toBeGreaterThan(100);
});

test("in a header, its checksum mended: our reader and npm's never see different files", async () => {
  const HEADERS = [512 * 2, 512 * 3];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...HEADERS),
      fc.nat({ max: 511 }),
      fc.integer({ min: 0, max: 255 }),
      async (header_at, at, value) => {
        const bytes = Buffer.from(TAR);
        bytes[header_at + at] = value;
        bytes.write("        ", header_at + 148);
        const sum = bytes.subarray(header_at, header_at + 512).reduce((total, byte) => total + byte, 0);
        bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, header_at + 148);
        const seen = await outcome(gzip(bytes));
        if (seen instanceof Fault) return;
        for (const { path: name, kind, size_bytes } of seen.members) {
          if (kind === "file") expect(seen.kept.get(name)).toHaveLength(size_bytes);
        }
      },
    ),
    { seed: 9, numRuns: 300 },
  );
});

test("cut anywhere: always a fault", async () => {
  for (let length = 0; length < WHOLE.length; length += 3) {
    expect(await outcome(WHOLE.subarray(0, length))).toBeInstanceOf(Fault);
  }
  for (let length = 0; length < TAR.length - 1; length += 97) {
    expect(await outcome(gzip(TAR.subarray(0, length)))).toBeInstanceOf(Fault);
  }
  expect(gunzipSync(WHOLE).equals(TAR)).toBe(true);
});
