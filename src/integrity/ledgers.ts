/** The plane's streams, each verified from its first line to its head. */
import type { LedgerState } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { verifySealed, verifyStream } from "../ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../plane/index.ts";
import type { Outcome } from "./outcome.ts";

export function judgeLedgers(fs: FileSystem, plane: Plane, outcome: Outcome): LedgerState[] {
  return PLANE_STREAMS.map((name): LedgerState => {
    const { findings, first_bad: _, torn_tails, ...verdict } = verifyStream(fs, planeStream(plane, name));
    outcome.findings.push(...findings, ...verifySealed(fs, planeStream(plane, name)));
    return { ...verdict, torn_tails: [...torn_tails] };
  });
}
