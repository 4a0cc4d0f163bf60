/**
 * How far the tiles of a stream reach: `{"bytes": 812, "root": "<base64>", "size": 2}`. A cache: it is believed only as far
 * as the tiles bear it out, and without it the tree is built again from the lines.
 */
import type { FileSystem, Random } from "../effects/index.ts";
import { spacedJson } from "../kernel/index.ts";
import { HASH_BYTES, toBase64 } from "../tlog/index.ts";
import { readSmall, replaceText } from "./tiles-files.ts";

export interface TreeState {
  /** Length of the stream up to the last entry in the tree. */
  readonly bytes: number;
  /** Entries in the tree. */
  readonly size: number;
  readonly root: Uint8Array;
}

/** Padded, so that it is always written over in place. */
const STATE_BYTES = 256;

export function readTreeState(fs: Pick<FileSystem, "stat" | "read">, path: string): TreeState | undefined {
  const text = readSmall(fs, path, STATE_BYTES)?.toString("utf8");
  if (text === undefined) return undefined;
  try {
    const { bytes, size, root } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const hash = Buffer.from(typeof root === "string" ? root : "", "base64");
    if (!isCount(bytes) || !isCount(size) || hash.length !== HASH_BYTES) return undefined;
    return { bytes, size, root: hash };
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export function writeTreeState(
  effects: { readonly fs: FileSystem; readonly random: Random },
  path: string,
  { bytes, size, root }: TreeState,
): void {
  const text = spacedJson({ bytes, size, root: toBase64(root) }).padEnd(STATE_BYTES - 1);
  replaceText(effects, path, `${text}\n`);
}
