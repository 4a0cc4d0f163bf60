/** Judges the stored checkpoints of a stream: form, signatures, and whether the lines lead to their root. */
import type { Finding } from "../contracts/index.ts";
import {
  type CheckedSignature,
  checkSignatures,
  type NoteKey,
  type SignedCheckpoint,
  sameHash,
} from "../tlog/index.ts";
import type { StreamRef } from "./stream-ref.ts";
import { treeFileName } from "./tiles-places.ts";

export type CheckpointFile = "checkpoint" | "cosigned";

export interface CheckpointVerdict {
  readonly origin: string;
  /** Entries it covers. */
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Names of trusted keys whose signatures hold. */
  readonly signed_by: readonly string[];
  readonly cosigned_by: readonly { readonly name: string; readonly time_s: number }[];
  /** Signatures by keys nobody here knows: not checked, as the specification asks. */
  readonly unknown_signatures: readonly string[];
}

export interface TreeOfLines {
  readonly size: number;
  /** Root of the first lines; undefined beyond the last one. */
  readonly rootAt: (size: number) => Uint8Array | undefined;
}

export interface JudgingKeys {
  /** Of the log, and of witnesses. */
  readonly keys: readonly NoteKey[];
  /** No key of the log is left: not that none was ever known. */
  readonly are_all_revoked: boolean;
}

const REWRITE = `Keep a copy of the file; if the lines and "pkg ledger verify" of a copy elsewhere agree, run "pkg ledger rebuild".`;
const UNCHECKED = `Run "pkg keys list": it says which keys are trusted here, or why none can be read; with none left, make one: "pkg keys generate NAME --use ledger".`;
const NEW_KEY = `Make a key, "pkg keys generate NAME --use ledger"; then run "pkg ledger rebuild", which signs with it.`;
const COSIGN = `Have the witness look again: "pkg ledger cosign --witness DIR", with --key where the log has a new one.`;
const CUT = `Keep a copy of the ledger, restore it from a backup, then run "pkg ledger verify".`;

/** What is wrong with a checkpoint, and what it says where it can be read. */
export function judgeCheckpoint(
  stream: StreamRef,
  file: CheckpointFile,
  found: SignedCheckpoint | string,
  tree: TreeOfLines,
  { keys, are_all_revoked }: JudgingKeys,
): { readonly findings: Finding[]; readonly verdict?: CheckpointVerdict } {
  const path = treeFileName(stream, file);
  const rewrite = file === "checkpoint" ? REWRITE : COSIGN;
  const findings: Finding[] = [];
  const note = (code: string, message: string, next_step: string, more: Partial<Finding> = {}): void => {
    const severity = code === "LEDGER_CHECKPOINT_UNVERIFIED" ? "note" : "error";
    findings.push({ code, severity, message: `${path}: ${message}`, next_step, path, ...more });
  };
  if (typeof found === "string") {
    note("LEDGER_CHECKPOINT_MALFORMED", found, rewrite);
    return { findings };
  }
  const { origin } = stream.log ?? found;
  if (found.origin !== origin) {
    note("LEDGER_CHECKPOINT_ORIGIN", "it is a checkpoint of another log", rewrite, {
      expected: origin,
      actual: found.origin,
    });
  }
  const checked = checkSignatures(found.note, keys);
  for (const { code, message } of signatureProblems(checked, { keys, are_all_revoked }))
    note(
      code,
      message,
      are_all_revoked ? NEW_KEY : code === "LEDGER_CHECKPOINT_UNVERIFIED" ? UNCHECKED : rewrite,
    );
  const is_witness = ({ type }: NoteKey): boolean => type === "cosignature";
  if (file === "cosigned" && keys.some(is_witness) && !checked.some(({ key }) => is_witness(key))) {
    note("LEDGER_CHECKPOINT_UNTRUSTED", "no known witness signed it", rewrite);
  }
  const root = tree.rootAt(found.size);
  const hex = Buffer.from(found.root).toString("hex");
  if (root === undefined) {
    const message = `it covers ${found.size} entries, the stream ends after ${tree.size}`;
    note("LEDGER_CHECKPOINT_AHEAD", message, CUT, { line: tree.size + 1 });
  } else if (!sameHash(root, found.root)) {
    const message = `the first ${found.size} lines do not have its root`;
    note("LEDGER_CHECKPOINT_MISMATCH", message, CUT, {
      expected: hex,
      actual: Buffer.from(root).toString("hex"),
    });
  }
  return {
    findings,
    verdict: { origin: found.origin, size: found.size, root: hex, ...signers(found, checked) },
  };
}

function signatureProblems(
  checked: readonly CheckedSignature[],
  { keys, are_all_revoked }: JudgingKeys,
): { code: string; message: string }[] {
  const wrong = checked
    .filter(({ valid }) => !valid)
    .map(({ key }) => ({
      code: "LEDGER_CHECKPOINT_SIGNATURE",
      message: `the signature by ${key.name} does not fit its text`,
    }));
  if (wrong.length > 0) return wrong;
  const is_log_key = (key: NoteKey): boolean => key.type === "ed25519";
  if (checked.some(({ key }) => is_log_key(key))) return [];
  if (are_all_revoked) {
    const message = "each key that could have signed it was revoked";
    return [{ code: "LEDGER_CHECKPOINT_UNTRUSTED", message }];
  }
  if (!keys.some(is_log_key)) {
    const message = "no trusted key is at hand, so its signature was not checked";
    return [{ code: "LEDGER_CHECKPOINT_UNVERIFIED", message }];
  }
  return [{ code: "LEDGER_CHECKPOINT_UNTRUSTED", message: "no trusted key signed it" }];
}

function signers(
  { note }: SignedCheckpoint,
  checked: readonly CheckedSignature[],
): Pick<CheckpointVerdict, "signed_by" | "cosigned_by" | "unknown_signatures"> {
  const valid = checked.filter((one) => one.valid);
  const known = new Set(checked.map(({ key }) => key.name));
  return {
    signed_by: valid.filter(({ key }) => key.type === "ed25519").map(({ key }) => key.name),
    cosigned_by: valid.flatMap(({ key, time_s }) =>
      time_s === undefined ? [] : [{ name: key.name, time_s }],
    ),
    unknown_signatures: note.signatures.map(({ name }) => name).filter((name) => !known.has(name)),
  };
}
