/** How the calls of a simulated file system reach its disk, and what they answer about it. */
import type { FileStat } from "../ports.ts";
import type { Found } from "./disk-paths.ts";
import { changeNames, type DiskNode, type DiskState, type NameEdit } from "./disk-state.ts";

/** Called before each mutation; false means it is to be left out. Throws to let it fail. */
export type BeforeMutation = (mutation: {
  readonly verb: Verb;
  readonly path: string;
  readonly to?: string;
  /** A sync that finds nothing to do. */
  readonly idle?: boolean;
  /** Does only the first half of a write. */
  readonly tear?: (state: DiskState) => void;
}) => boolean;

export type Verb =
  | "create"
  | "truncate"
  | "write"
  | "sync"
  | "datasync"
  | "rename"
  | "remove"
  | "make directory"
  | "remove directory"
  | "set mode"
  | "sync directory";

export interface DiskAccess {
  readonly state: DiskState;
  readonly before: BeforeMutation;
  /** Called before each read; throws when the process is dead. */
  readonly alive: () => void;
  readonly free_bytes: number;
  readonly umask: number;
}

/** The inode exists on disk from the start; whether a name leads to it is the pending change. */
export function addNode(
  state: DiskState,
  node: DiskNode,
  edits: (inode: number) => readonly NameEdit[],
): number {
  const inode = state.next_inode++;
  state.nodes.set(inode, node);
  state.durable.set(inode, node);
  changeNames(state, edits(inode));
  return inode;
}

/** Everything on a simulated disk belongs to its only user. */
export const SIM_UID = 1000;

/** Times count mutations as microseconds, so that a change always shows. */
export function statOf({ inode, node }: Found): FileStat {
  return {
    kind: node.kind,
    size_bytes: node.kind === "file" ? node.bytes.length : 4096,
    uid: SIM_UID,
    mode: node.mode,
    executable: (node.mode & 0o100) !== 0,
    mtime_ns: BigInt(node.written) * 1000n,
    ctime_ns: BigInt(node.changed) * 1000n,
    // No number of an inode is given twice.
    born_ns: 0n,
    inode: BigInt(inode),
    device: 1n,
    links: node.kind === "file" ? 1 : 2,
  };
}
