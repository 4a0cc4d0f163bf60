/** Packs small trees for the tests of this room. */
import { join } from "node:path";
import {
  type ArchiveSource,
  type Packed,
  type WriteArchiveRequest,
  writeArchive,
} from "../../src/archive/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";

export const effects = nodeEffects();

export const source = (path: string, content: string | Buffer = "", executable = false): ArchiveSource => ({
  path,
  executable,
  bytes: Buffer.from(content),
});

export const MANIFEST = source("manifest.json", "{}");

let count = 0;

export async function pack(
  folder: string,
  entries: readonly ArchiveSource[],
  options: Partial<WriteArchiveRequest> = {},
): Promise<Packed & { path: string }> {
  count += 1;
  const out = options.out ?? join(folder, `packed-${count}.tar.gz`);
  return { ...(await writeArchive(effects, { entries, ...options, out })), path: out };
}

/** Text that compresses about threefold, from a fixed generator. */
export function text(bytes: number, seed = 1): Buffer {
  const buffer = Buffer.alloc(bytes);
  let state = seed;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    buffer[i] = 97 + ((state >>> 16) % 11);
  }
  return buffer;
}
