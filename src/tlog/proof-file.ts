/**
 * Proofs as files. Inclusion: C2SP tlog-proof@v1. Consistency: what a log sends a witness (C2SP tlog-witness,
 * add-checkpoint): `old <size>`, the hashes, an empty line, the checkpoint.
 */
import { fromBase64, toBase64 } from "./base64.ts";
import { parseCheckpoint, type SignedCheckpoint } from "./checkpoint.ts";
import { fromDecimal } from "./decimal.ts";
import { HASH_BYTES } from "./hashes.ts";
import { Malformed } from "./malformed.ts";
import { formatNote, type SignedNote } from "./signed-note.ts";

const HEADER = "c2sp.org/tlog-proof@v1";
/** A tree has less than 2^63 entries. */
const HASHES_MAX = 63;
const BYTES_MAX = 32 << 20;

export interface InclusionFile {
  readonly kind: "inclusion";
  /** Not authenticated by itself; here the bytes of the entry. */
  readonly extra: Uint8Array | undefined;
  readonly index: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: SignedCheckpoint;
}

export interface ConsistencyFile {
  readonly kind: "consistency";
  readonly old_size: number;
  readonly hashes: readonly Uint8Array[];
  readonly checkpoint: SignedCheckpoint;
}

export function formatInclusion(proof: {
  extra?: Uint8Array;
  index: number;
  hashes: readonly Uint8Array[];
  note: SignedNote;
}): string {
  const extra = proof.extra === undefined ? [] : [`extra ${toBase64(proof.extra)}`];
  const lines = [HEADER, ...extra, `index ${proof.index}`, ...proof.hashes.map(toBase64), ""];
  return `${lines.join("\n")}\n${formatNote(proof.note)}`;
}

export function formatConsistency(proof: {
  old_size: number;
  hashes: readonly Uint8Array[];
  note: SignedNote;
}): string {
  const lines = [`old ${proof.old_size}`, ...proof.hashes.map(toBase64), ""];
  return `${lines.join("\n")}\n${formatNote(proof.note)}`;
}

/** @throws Malformed */
export function parseProofFile(bytes: Uint8Array): InclusionFile | ConsistencyFile {
  if (bytes.length > BYTES_MAX) throw new Malformed(`the proof has more than ${BYTES_MAX} bytes`);
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("\n\n");
  if (end < 0) throw new Malformed("the proof has no checkpoint");
  const lines = Buffer.from(bytes.subarray(0, end)).toString("latin1").split("\n");
  const checkpoint = parseCheckpoint(bytes.subarray(end + 2));
  const [first = "", ...rest] = lines;
  if (first.startsWith("old ")) {
    const old_size = fromDecimal(first.slice(4), "the old size");
    return { kind: "consistency", old_size, hashes: hashesOf(rest), checkpoint };
  }
  if (first !== HEADER) throw new Malformed(`the proof begins with neither "${HEADER}" nor "old"`);
  const has_extra = rest[0]?.startsWith("extra ") === true;
  const extra = has_extra ? fromBase64(rest.shift()?.slice(6) ?? "", "the extra data") : undefined;
  const index = rest.shift();
  if (index?.startsWith("index ") !== true) throw new Malformed("the proof has no index");
  return {
    kind: "inclusion",
    extra,
    index: fromDecimal(index.slice(6), "the index"),
    hashes: hashesOf(rest),
    checkpoint,
  };
}

function hashesOf(lines: readonly string[]): Buffer[] {
  if (lines.length > HASHES_MAX) throw new Malformed(`the proof has more than ${HASHES_MAX} hashes`);
  return lines.map((line, at) => {
    const hash = fromBase64(line, `hash ${at + 1}`);
    if (hash.length !== HASH_BYTES) throw new Malformed(`hash ${at + 1} does not have 32 bytes`);
    return hash;
  });
}
