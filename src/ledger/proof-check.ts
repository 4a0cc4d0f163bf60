/** Checks proofs handed over as files. Needs no plane: only the keys of those one trusts. */
import {
  type CheckedSignature,
  checkSignatures,
  type InclusionFile,
  leafHash,
  Malformed,
  type NoteKey,
  parseCheckpoint,
  parseNoteKey,
  parseProofFile,
  type SignedCheckpoint,
  verifyConsistency,
  verifyInclusion,
} from "../tlog/index.ts";
import { raise } from "./faults.ts";
import { agrees, readJsonForm } from "./proof-json.ts";

export interface CheckedProof {
  readonly kind: "inclusion" | "consistency";
  readonly origin: string;
  /** Entries of the log as of the checkpoint. */
  readonly size: number;
  readonly signed_by: readonly string[];
  readonly cosigned_by: readonly { readonly name: string; readonly time_s: number }[];
  /** Inclusion: number of the entry from 0, and its line. */
  readonly index?: number;
  readonly line?: string;
  /** Consistency: entries of the earlier checkpoint. */
  readonly old_size?: number;
}

export interface ProofToCheck {
  readonly path: string;
  /** The proof file, or what `pkg ledger prove --json` prints. */
  readonly bytes: Uint8Array;
  /** Keys of the log: at least one must have signed. */
  readonly keys: readonly string[];
  /** Keys of witnesses: each must have signed. */
  readonly witnesses?: readonly string[];
  /** Bytes of the entry, where the proof does not bring them. */
  readonly entry?: Uint8Array;
  /** The earlier checkpoint of a consistency proof. */
  readonly since?: { readonly path: string; readonly bytes: Uint8Array };
  readonly origin?: string;
}

/** @throws LEDGER_PROOF_MALFORMED, LEDGER_PROOF_INVALID, LEDGER_KEY_MALFORMED, LEDGER_CHECKPOINT_UNUSABLE */
export function checkProof(request: ProofToCheck): CheckedProof {
  const { path } = request;
  const keys = request.keys.map((key) => readKey(key, "ed25519"));
  const witnesses = (request.witnesses ?? []).map((key) => readKey(key, "cosignature"));
  const proof = readable(request.bytes, path);
  const invalid = (reason: string, missing?: string): never =>
    raise("LEDGER_PROOF_INVALID", `${path} proves nothing: ${reason}`, {
      path,
      reason,
      ...(missing !== undefined && { missing }),
    });
  const { origin, size } = proof.checkpoint;
  if (request.origin !== undefined && request.origin !== origin) {
    invalid(`it is of the log ${origin}, not of ${request.origin}`);
  }
  const signers = requireSigners(proof.checkpoint, keys, witnesses, invalid);
  const known = { kind: proof.kind, origin, size, ...signers };
  if (proof.kind === "inclusion") return { ...known, ...checkInclusion(proof, request, invalid) };
  const old = earlier(request);
  if (old === undefined) return invalid("the earlier checkpoint must be given with --since", "--since");
  const { old_size } = proof;
  if (old.size !== old_size)
    invalid(`it begins at ${old_size} entries, the earlier checkpoint at ${old.size}`);
  if (old.origin !== origin) invalid(`the earlier checkpoint is of the log ${old.origin}`);
  requireSigners(old, keys, [], invalid);
  if (!verifyConsistency(old, proof.checkpoint, proof.hashes)) {
    invalid("its hashes do not lead from the earlier checkpoint to the later one");
  }
  return { ...known, old_size };
}

function checkInclusion(
  { extra, index, hashes, checkpoint }: InclusionFile,
  { entry }: ProofToCheck,
  invalid: (reason: string, missing?: string) => never,
): Pick<CheckedProof, "index" | "line"> {
  const bytes = entry ?? extra;
  if (bytes === undefined) return invalid("it does not hold the entry; give it with --entry", "--entry");
  if (!verifyInclusion(leafHash(bytes), index, checkpoint, hashes)) {
    invalid("its hashes do not lead from the entry to the root of the checkpoint");
  }
  return { index, line: Buffer.from(bytes).toString("utf8") };
}

function requireSigners(
  checkpoint: SignedCheckpoint,
  keys: readonly NoteKey[],
  witnesses: readonly NoteKey[],
  invalid: (reason: string) => never,
): Pick<CheckedProof, "signed_by" | "cosigned_by"> {
  const checked = checkSignatures(checkpoint.note, [...keys, ...witnesses]);
  const wrong = checked.find(({ valid }) => !valid);
  if (wrong !== undefined) invalid(`the signature by ${wrong.key.name} does not fit the checkpoint`);
  const by_log = checked.filter(({ key }) => key.type === "ed25519");
  if (by_log.length === 0) invalid("none of the given keys signed the checkpoint");
  const unseen = witnesses.find((key) => !checked.some((one: CheckedSignature) => one.key === key));
  if (unseen !== undefined) invalid(`the witness ${unseen.name} did not sign the checkpoint`);
  return {
    signed_by: by_log.map(({ key }) => key.name),
    cosigned_by: checked.flatMap(({ key, time_s }) =>
      time_s === undefined ? [] : [{ name: key.name, time_s }],
    ),
  };
}

function readable(bytes: Uint8Array, path: string): ReturnType<typeof parseProofFile> {
  try {
    const json = readJsonForm(bytes);
    const proof = parseProofFile(json?.proof ?? bytes);
    if (json !== undefined) agrees(json.stated, proof);
    return proof;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const reason = error.message;
    return raise("LEDGER_PROOF_MALFORMED", `${path} is not a proof: ${reason}`, { path, reason });
  }
}

function earlier({ since }: ProofToCheck): SignedCheckpoint | undefined {
  return since === undefined ? undefined : readCheckpointBytes(since.bytes, since.path);
}

/** @throws LEDGER_CHECKPOINT_UNUSABLE */
export function readCheckpointBytes(bytes: Uint8Array, path: string): SignedCheckpoint {
  try {
    return parseCheckpoint(bytes);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const reason = error.message;
    return raise("LEDGER_CHECKPOINT_UNUSABLE", `${path} is not a checkpoint: ${reason}`, { path, reason });
  }
}

/** A key is shorter; what is given in place of one may be a whole file. */
const KEY_SHOWN_MAX = 200;

/** A witness may give its plain key too: it is taken for the type wanted. @throws LEDGER_KEY_MALFORMED */
export function readKey(text: string, type: NoteKey["type"]): NoteKey {
  try {
    return { ...parseNoteKey(text), type };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const reason = error.message;
    const shown = JSON.stringify(text.length > KEY_SHOWN_MAX ? `${text.slice(0, KEY_SHOWN_MAX)}…` : text);
    return raise("LEDGER_KEY_MALFORMED", `${shown} is not a verifier key: ${reason}`, {
      key: text.slice(0, KEY_SHOWN_MAX),
      reason,
    });
  }
}
