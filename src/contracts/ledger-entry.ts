import { z } from "zod";
import { Timestamp } from "./atoms.ts";

/** Largest ledger line in bytes, newline included; larger evidence goes in by digest. */
export const LEDGER_LINE_BYTES_MAX = 65_535;

/** What a caller hands in; the ledger adds id, timestamp and hashes. */
export const NewLedgerEntry = z.strictObject({
  event_type: z.string().min(1).max(128),
  submission_id: z.string().max(256),
  decision: z.string().max(128),
  reason: z.string().max(4096),
  prompts_used: z.array(z.string()).default([]),
  metadata: z.record(z.string(), z.json()).default({}),
});
export type NewLedgerEntry = z.input<typeof NewLedgerEntry>;

export const LedgerEntry = NewLedgerEntry.extend({
  id: z.string().regex(/^LED-[0-9a-f]{8,32}$/),
  timestamp: Timestamp,
  previous_hash: z.string().regex(/^([0-9a-f]{64})?$/),
  entry_hash: z.string().regex(/^[0-9a-f]{64}$/),
}).meta({ id: "LedgerEntry", title: "Ledger line" });
export type LedgerEntry = z.output<typeof LedgerEntry>;
