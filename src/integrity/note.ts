/** What a check writes down for the next one besides columns: as JSON. */
import type { Cause, Finding, IntegrityReport, LedgerState } from "../contracts/index.ts";
import type { Mac } from "../kernel/index.ts";
import type { LineStart } from "../ledger/index.ts";

/** An owned file that is to be judged again whatever happens: it was not as recorded, or had changed too late to be kept. */
export type PendingFile = readonly [path: string, owner: number, digest: string, flags: number];

export interface Note {
  /** What all of it depends on besides files. */
  readonly depends_on: string;
  /** Of the report alone: the day in UTC. */
  readonly day: string;
  readonly report: IntegrityReport | null;
  /** The report stands from when it was made until something that it rests on expires; null where nothing does. */
  readonly made_ms: number;
  readonly expires_ms: number | null;
  readonly ledgers: LedgerNote | null;
  /** Null where too many are: then the next check recalls nothing. */
  readonly pending: readonly PendingFile[] | null;
  readonly ownership: OwnershipMemo | null;
  readonly events: EventsMemo | null;
  /** What was found in the registries. */
  readonly registry_findings: readonly Finding[];
}

export interface LedgerNote {
  /** What the verdict depends on besides files. */
  readonly key: string;
  readonly states: readonly LedgerState[];
  readonly findings: readonly Finding[];
  /** Of every path it looked at, absent ones too. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[];
  /** Heads in receipts that the lines bear out; see `headName`. */
  readonly heads: readonly string[];
  /** How far the long streams reached. */
  readonly ends: readonly (readonly [stream: string, LineStart & { readonly entry_hash: string }])[];
}

/** Whole rows that say what receipts say; the first piece begins with the header. */
export interface OwnershipPiece extends Mac {
  readonly size_bytes: number;
  readonly rows_count: number;
}

/** The whole file, piece by piece; paths ascend from row to row. */
export interface OwnershipMemo {
  readonly pieces: readonly OwnershipPiece[];
}

/** What an entry says is installed. */
export interface Vouched {
  readonly event: string;
  /** Undefined in entries that do not name it. */
  readonly version: string | undefined;
  readonly manifest_hash: string;
  readonly archive_digest: string;
  /** Bare hex; undefined in entries that do not name it. */
  readonly receipt_sha256: string | undefined;
}

/** What the first bytes of the stream say, in whole lines. */
export interface EventsMemo {
  readonly size_bytes: number;
  readonly vouched: readonly (readonly [string, Vouched])[];
  readonly touched: readonly (readonly [string, Cause])[];
}
