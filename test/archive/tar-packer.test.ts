import { gunzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { BLOCK_BYTES } from "../../src/archive/deflate-block.ts";
import { type DeflatePool, deflateHere, deflateOnThreads } from "../../src/archive/deflate-pool.ts";
import { type Packed, TarPacker } from "../../src/archive/tar-packer.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { text } from "./packing.ts";

const here = deflateHere();
const threads = deflateOnThreads(new URL("../../src/archive/deflate-worker.ts", import.meta.url), 2);
afterAll(() => threads.close());

async function packed(
  pool: DeflatePool,
  content: Buffer,
  piece_bytes: number,
): Promise<Packed & { bytes: Buffer }> {
  const out: Buffer[] = [];
  const packer = new TarPacker(pool, (bytes) => out.push(Buffer.from(bytes)));
  for (let at = 0; at < content.length; at += piece_bytes) {
    await packer.write(content.subarray(at, at + piece_bytes));
  }
  return { ...(await packer.end()), bytes: Buffer.concat(out) };
}

test.each([1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 5 * BLOCK_BYTES + 7])(
  "%i bytes are packed alike here, on threads, and in any pieces",
  async (bytes) => {
    const content = text(bytes, bytes);
    const first = await packed(here, content, bytes);
    expect(gunzipSync(first.bytes).equals(content)).toBe(true);
    expect(first).toMatchObject({
      digest: sha256Hex(first.bytes),
      content_digest: sha256Hex(content),
      size_bytes: first.bytes.length,
      tar_bytes: bytes,
    });
    expect(await packed(threads, content, bytes)).toEqual(first);
    expect(await packed(threads, content, 99_991)).toEqual(first);
  },
);

test("random bytes fit the output buffer of a block", async () => {
  let seed = sha256Hex("seed");
  const parts: Buffer[] = [];
  while (parts.length < (2 * BLOCK_BYTES) / 32) {
    seed = sha256Hex(seed);
    parts.push(Buffer.from(seed, "hex"));
  }
  const content = Buffer.concat(parts);
  expect(gunzipSync((await packed(here, content, BLOCK_BYTES)).bytes).equals(content)).toBe(true);
});

test("a thread that fails is reported to the one who waits, not lost", async () => {
  const broken = deflateOnThreads(new URL("file:///none/deflate-worker.ts"), 2);
  await expect(packed(broken, text(3 * BLOCK_BYTES), BLOCK_BYTES)).rejects.toThrow();
  await broken.close();
});
