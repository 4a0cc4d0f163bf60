/** The transparency log a plane keeps of its ledgers, in the form a trace asks it. */
import type { InclusionProof } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { proveEntry, storedRoot, streamOrigin, wholeLines } from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import { leafHash, TreeBuilder } from "../tlog/index.ts";
import type { LogProofs } from "./options.ts";

/** Of a longer stream the tiles are believed, and its lines left to `pkg ledger verify`. */
const HASHED_BYTES_MAX = 8 << 20;

/** A line no tree reaches yet, or a stream without one, has no proof; that is no damage. */
const NO_PROOF = new Set(["LEDGER_NOT_COVERED", "LEDGER_CHECKPOINT_MISSING", "LEDGER_ENTRY_UNKNOWN"]);

/** @throws LEDGER_TREE_DAMAGED from `inclusion`, where tiles and checkpoint do not fit the line */
export function planeLog({ fs }: Pick<Effects, "fs">, plane: Plane): LogProofs {
  return {
    inclusion: (stream, line) => {
      try {
        return shownProof(proveEntry(fs, planeStream(plane, stream), String(line - 1)));
      } catch (error) {
        if (error instanceof Fault && NO_PROOF.has(error.code)) return undefined;
        throw error;
      }
    },
    root: (stream, tree_size) => {
      const path = `${plane.root}/${stream}`;
      const is_long = (fs.stat(path)?.size_bytes ?? 0) > HASHED_BYTES_MAX;
      const stored = is_long ? storedRoot(fs, planeStream(plane, stream), tree_size) : undefined;
      return stored ?? rootOfLines(fs, path, tree_size);
    },
    streamOf: (origin) => PLANE_STREAMS.find((name) => streamOrigin(plane.config.plane_uid, name) === origin),
  };
}

function shownProof({ checkpoint, index, hashes }: ReturnType<typeof proveEntry>): InclusionProof {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    origin: checkpoint.origin,
    tree_size: checkpoint.size,
    leaf_index: index,
    root_hash: hex(checkpoint.root),
    hashes: hashes.map(hex),
  };
}

/** Over the bytes of the lines as they are now, not over the tiles. */
function rootOfLines(fs: Effects["fs"], path: string, tree_size: number): string | undefined {
  const tree = new TreeBuilder();
  if (tree_size > 0 && fs.stat(path)?.kind !== "file") return undefined;
  for (const { bytes } of tree_size === 0 ? [] : wholeLines(fs, path)) {
    for (let start = 0; start < bytes.length && tree.size < tree_size; ) {
      const end = bytes.indexOf(0x0a, start);
      tree.append(leafHash(bytes.subarray(start, end)));
      start = end + 1;
    }
    if (tree.size === tree_size) break;
  }
  return tree.size === tree_size ? Buffer.from(tree.root()).toString("hex") : undefined;
}
