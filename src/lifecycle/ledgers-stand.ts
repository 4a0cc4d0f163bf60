/** Where the ledgers of a plane stand when something is installed. */
import type { Receipt } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { checkpointInForce, streamHead } from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";

/** What a receipt keeps of the ledgers, so that none of them can be rolled back or forked unseen while it is there. */
export function whereLedgersStand(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
): Pick<Receipt, "ledger_heads" | "ledger_checkpoints"> {
  const heads: Receipt["ledger_heads"] = {};
  const checkpoints: Record<string, string> = {};
  for (const name of PLANE_STREAMS) {
    const stream = planeStream(plane, name);
    const head = streamHead(fs, stream);
    if (head !== undefined) heads[name] = { entries: head.entries, entry_hash: head.entry_hash };
    const checkpoint = checkpointInForce(fs, stream);
    if (checkpoint !== undefined) checkpoints[name] = checkpoint;
  }
  return {
    ledger_heads: heads,
    ...(Object.keys(checkpoints).length === 0 ? {} : { ledger_checkpoints: checkpoints }),
  };
}
