/** A short number for what a disk holds, so that a state already seen is known again without comparing its files. */
import { createHash } from "node:crypto";
import { sortedBy } from "../../kernel/index.ts";
import type { DiskNode, NameChange } from "./disk-state.ts";

type Nodes = ReadonlyMap<number, DiskNode>;

/** Sums over inodes, so that only exchanged nodes cost a digest: two numbers of 32 bits, in hexadecimal. */
export function fingerprintOf(nodes: Nodes, durable: Nodes): string {
  let low = 0;
  let high = 0;
  const add = (inode: number, node: DiskNode, salt: number): void => {
    const [first, second] = digestOf(node);
    low = (low + Math.imul(first ^ Math.imul(inode + salt, 0x9e3779b1), 0x85ebca6b)) | 0;
    high = (high + Math.imul(second ^ Math.imul(inode + salt, 0xc2b2ae35), 0x27d4eb2f)) | 0;
  };
  for (const [inode, node] of nodes) {
    add(inode, node, 0);
    const kept = durable.get(inode);
    if (kept !== undefined && kept !== node) add(inode, kept, 1 << 20);
  }
  return `${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}`;
}

const changes = new WeakMap<readonly NameChange[], string>();

export function fingerprintOfChanges(pending: readonly NameChange[]): string {
  let digest = changes.get(pending);
  if (digest === undefined) {
    const hash = createHash("sha256");
    for (const { edits, awaits } of pending) hash.update(JSON.stringify([edits, [...awaits]]));
    digest = hash.digest("base64url").slice(0, 12);
    changes.set(pending, digest);
  }
  return digest;
}

const digests = new WeakMap<DiskNode, readonly [number, number]>();
const contents = new WeakMap<Buffer, Buffer>();

function digestOf(node: DiskNode): readonly [number, number] {
  const known = digests.get(node);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(`${node.kind} ${node.mode}\n`);
  if (node.kind === "file") hash.update(contentDigest(node.bytes));
  else hash.update(JSON.stringify(sortedBy(node.entries, ([name]) => name)));
  const digest = hash.digest();
  const numbers = [digest.readInt32LE(0), digest.readInt32LE(4)] as const;
  digests.set(node, numbers);
  return numbers;
}

function contentDigest(bytes: Buffer): Buffer {
  let digest = contents.get(bytes);
  if (digest === undefined) {
    digest = createHash("sha256").update(bytes).digest();
    contents.set(bytes, digest);
  }
  return digest;
}
