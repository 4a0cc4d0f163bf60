/** Witnesses a verification asks for: of its own choosing, whatever the plane says about itself. */
import type { Finding } from "../contracts/index.ts";
import type { NoteKey } from "../tlog/index.ts";
import { pasted, type StreamRef } from "./stream-ref.ts";
import type { TreeVerdict } from "./tiles-verdict.ts";

export interface DemandedWitnesses {
  /** Cosignature keys, one for each witness. */
  readonly keys: readonly NoteKey[];
  /** So many of them must have signed; 1 to the number of keys. */
  readonly count_min: number;
}

/** What is missing of the demanded cosignatures under the newest checkpoint that was handed to witnesses. */
export function unmetWitnesses(
  stream: StreamRef,
  { keys, count_min }: DemandedWitnesses,
  log: Pick<TreeVerdict, "cosigned"> | undefined,
): Finding[] {
  const signed = new Set(log?.cosigned?.cosigned_by.map(({ name }) => name));
  const missing = keys.filter(({ name }) => !signed.has(name)).map(({ name }) => name);
  if (keys.length - missing.length >= count_min) return [];
  const many = count_min === keys.length ? "" : `, and ${count_min} of ${keys.length} must have`;
  const what = log?.cosigned === undefined ? "no checkpoint was given to a witness" : "they did not sign";
  return [
    {
      code: "LEDGER_WITNESS_MISSING",
      severity: "error",
      message: `${stream.name}: ${missing.join(", ")} witnessed nothing of it: ${what}${many}`,
      next_step: `Have the witness run "pkg ledger cosign --witness FOLDER${pasted(stream.name, "--stream ")}".`,
      path: stream.name,
    },
  ];
}
