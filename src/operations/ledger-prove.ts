import { z } from "zod";
import { proveEntry, proveGrowth, readCheckpointBytes, type StreamRef, settleTree } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, outputPlace, type Plane, planeStream, writeOutput } from "../plane/index.ts";
import { type SignedCheckpoint, toBase64 } from "../tlog/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { streamName } from "./fields.ts";
import { readGiven } from "./given-file.ts";
import { findNamed } from "./ledger-find.ts";
import { chosenStreams } from "./ledger-streams.ts";

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
    "pkg ledger prove LED-0123456789abcdef0123456789abcdef --out entry.tlog-proof",
    "pkg ledger prove 0 --stream ledger/packages.jsonl --json",
    "pkg ledger prove --since old-checkpoint --out growth.proof",
  ],
  authorised: false,
  input: z.strictObject({
    entry: z.string().max(200).optional().meta({
      description: "Entry: its id, its entry hash, or its number counted from 0.",
      positional: 0,
    }),
    stream: streamName.optional().meta({
      description:
        "Stream it is in; default: where the entry is, or what the checkpoint is of. A number counts in ledger/governance.jsonl.",
    }),
    since: z.string().optional().meta({
      description: "Checkpoint file kept from earlier: prove that the ledger continues it.",
    }),
    cosigned: z.boolean().default(false).meta({
      description: "Prove against the newest checkpoint a witness signed, rather than the newest.",
    }),
    out: z.string().optional().meta({ description: "File to write the proof to (.tlog-proof)." }),
  }),
  run: async (context, { entry, stream: named, since, cosigned, out }) => {
    if (out !== undefined) outputPlace(context.effects, out);
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
    const plane = planeOf(context);
    const asked =
      since === undefined
        ? entryIn(context, plane, entry ?? "", named)
        : growthIn(context, plane, since, named);
    // So that what was just recorded is covered; where nothing can be written, the stored checkpoint serves.
    await settleTree(context.effects, asked.stream);
    const proof =
      "old" in asked ? consistency(context, asked) : inclusion(context, asked.stream, asked.entry, cosigned);
    return { result: { stream: asked.stream.name, ...proof, written_to: write(context, out, proof.proof) } };
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

interface Growth {
  readonly stream: StreamRef;
  readonly old: { readonly checkpoint: SignedCheckpoint; readonly path: string };
}

/** An id or a hash is looked for in all streams where none is named. @throws ENTRY_UNKNOWN, LEDGER_IO */
function entryIn(
  context: Context,
  plane: Plane,
  entry: string,
  named: string | undefined,
): { readonly stream: StreamRef; readonly entry: string } {
  if (named !== undefined || /^\d{1,15}$/.test(entry))
    return { stream: planeStream(plane, named ?? GOVERNANCE_STREAM), entry };
  const { stream, line } = findNamed(context, plane, entry, undefined);
  return { stream: planeStream(plane, stream), entry: `${line - 1}` };
}

/** A checkpoint tells of which stream it is. */
function growthIn({ effects }: Context, plane: Plane, since: string, named: string | undefined): Growth {
  const bytes = readGiven(effects, since);
  const checkpoint = readCheckpointBytes(bytes, since);
  const of = chosenStreams({ effects }, plane).find(({ log }) => log?.origin === checkpoint.origin);
  const stream =
    named === undefined && of !== undefined ? of : planeStream(plane, named ?? GOVERNANCE_STREAM);
  return { stream, old: { checkpoint, path: since } };
}

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

function consistency({ effects }: Context, { stream, old }: Growth): Proof {
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
