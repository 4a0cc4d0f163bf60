/** What stands behind each sentence of a trace. */
import { z } from "zod";

/** That one ledger line is in the log a checkpoint signs (RFC 6962). Hashes are bare hex. */
export const InclusionProof = z.strictObject({
  /** Origin line of the checkpoint. */
  origin: z.string(),
  tree_size: z.int().nonnegative(),
  /** From 0. */
  leaf_index: z.int().nonnegative(),
  root_hash: z.string(),
  /** From the leaf's sibling upwards. */
  hashes: z.array(z.string()),
});
export type InclusionProof = z.output<typeof InclusionProof>;

/** Filled in by `--prove`. */
export const EvidenceProof = z.strictObject({
  /** Recomputed now, bare hex: of a ledger line its entry hash, of any other evidence the sha256 of the whole file. */
  digest: z.string(),
  /** Whether a record states the same digest; null where no record states one. */
  holds: z.boolean().nullable(),
  /** The record that states it: a ledger entry id, or a path. */
  recorded_by: z.string().nullable(),
  /** Null until the stream has a transparency log that reaches the line. */
  inclusion: InclusionProof.nullable(),
});
export type EvidenceProof = z.output<typeof EvidenceProof>;

export const EvidenceKind = z.enum([
  "receipt",
  "manifest",
  "registry",
  "ledger",
  "archive",
  "journal",
  "document",
  "file",
  "program",
]);

/** Where to look it up. */
export const Evidence = z.strictObject({
  kind: EvidenceKind,
  /** Plane-relative; for `program` the name of the code in it. */
  path: z.string(),
  line: z.int().positive().nullable(),
  /** Key of the row, id of the ledger entry, member of the archive. */
  key: z.string().nullable(),
  /** Of a ledger entry, as the line states it. */
  entry_hash: z.string().nullable(),
  proof: EvidenceProof.nullable(),
});
export type Evidence = z.output<typeof Evidence>;

/** One sentence of the answer with its evidence. */
export const TraceStatement = z.strictObject({
  /** JSON pointer into `data`: the part of the answer that says the same. */
  about: z.string(),
  says: z.string(),
  evidence: z.array(Evidence),
});
export type TraceStatement = z.output<typeof TraceStatement>;
