import { z } from "zod";
import { proveEntry, proveGrowth, readCheckpointBytes, type StreamRef, settleTree } from "../ledger/index.ts";
import { outputPlace, planeStream, writeOutput } from "../plane/index.ts";
import { toBase64 } from "../tlog/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { streamName } from "./fields.ts";
import { readGiven } from "./given-file.ts";

interface Proof {
  readonly kind: "inclusion" | "consistency";
  /** What names the log to the world. */
  readonly origin: string;
  /** Entries the checkpoint covers. */
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Inclusion: number of the entry from 0, and its line. */
  readonly index?: number;
  readonly line?: string;
  /** Consistency: entries of the earlier checkpoint. */
  readonly old_size?: number;
  /** Base64. */
  readonly hashes: readonly string[];
  /** The file. */
  readonly proof: string;
}

export const ledgerProve = operation({
  name: "ledger prove",
  summary:
    "Prove that an entry is in the ledger, or that the ledger only grew since a checkpoint, for others to check.",
  examples: [
    "pkg ledger prove 0 --out first.tlog-proof",
    "pkg ledger prove LED-0123456789abcdef0123456789abcdef --stream ledger/packages.jsonl --json",
    "pkg ledger prove --since old-checkpoint --out growth.proof",
  ],
  authorised: false,
  input: z.strictObject({
    entry: z.string().max(200).optional().meta({
      description: "Entry: its id, its entry hash, or its number counted from 0.",
      positional: 0,
    }),
    stream: streamName.default("ledger/governance.jsonl").meta({ description: "Stream the entry is in." }),
    since: z.string().optional().meta({
      description: "Checkpoint file kept from earlier: prove that the ledger continues it.",
    }),
    cosigned: z.boolean().default(false).meta({
      description: "Prove against the newest checkpoint a witness signed, rather than the newest.",
    }),
    out: z.string().optional().meta({ description: "File to write the proof to (.tlog-proof)." }),
  }),
  run: async (context, { entry, stream: name, since, cosigned, out }) => {
    if (out !== undefined) outputPlace(context.effects, out);
    const stream = planeStream(planeOf(context), name);
    if (entry !== undefined && since !== undefined)
      throw make("INPUT_CONFLICT", "an entry and --since are two proofs; ask for one at a time", {
        fields: ["entry", "since"],
        command: "pkg ledger prove",
      });
    if (entry === undefined && since === undefined) {
      throw make("INPUT_MISSING", "name an entry, or a checkpoint file with --since", {
        field: "entry",
        command: "pkg ledger prove",
      });
    }
    // So that what was just recorded is covered; where nothing can be written, the stored checkpoint serves.
    await settleTree(context.effects, stream);
    const proof =
      since === undefined
        ? inclusion(context, stream, entry ?? "", cosigned)
        : consistency(context, stream, since);
    return { result: { stream: name, ...proof, written_to: write(context, out, proof.proof) } };
  },
  text: ({ written_to, proof, kind, index = 0, old_size = 0, origin, size }) => {
    if (written_to === null) return proof;
    const claim =
      kind === "inclusion"
        ? `entry ${index} (line ${index + 1}) is in ${origin} of ${size} entries`
        : `${origin} of ${size} entries continues its first ${old_size}`;
    return `${written_to}: ${claim}\n`;
  },
});

function inclusion({ effects }: Context, stream: StreamRef, entry: string, cosigned: boolean): Proof {
  const found = proveEntry(effects.fs, stream, entry, cosigned ? "cosigned" : "checkpoint");
  const { checkpoint, index, bytes, hashes, file } = found;
  return {
    kind: "inclusion",
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: hexOf(checkpoint.root),
    index,
    line: bytes.toString("utf8"),
    hashes: hashes.map(toBase64),
    proof: file,
  };
}

function consistency({ effects }: Context, stream: StreamRef, since: string): Proof {
  const bytes = readGiven(effects, since);
  const old = { checkpoint: readCheckpointBytes(bytes, since), path: since };
  const { checkpoint, hashes, file } = proveGrowth(effects.fs, stream, old);
  return {
    kind: "consistency",
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: hexOf(checkpoint.root),
    old_size: old.checkpoint.size,
    hashes: hashes.map(toBase64),
    proof: file,
  };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Absolute path written to; null when nothing was asked for. */
const write = ({ effects }: Context, out: string | undefined, text: string): string | null =>
  out === undefined ? null : writeOutput(effects, out, text);
