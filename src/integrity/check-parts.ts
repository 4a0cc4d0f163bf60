/** What a check hands over to be kept. */
import type { Finding, Row } from "../contracts/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import type { KeptReceipt } from "./file-columns.ts";
import type { EventsMemo, OwnershipMemo } from "./note.ts";
import type { Outcome } from "./outcome.ts";
import type { JudgedBatch } from "./owned-files.ts";
import type { FolderWalk } from "./recall.ts";

/** What a check leaves for the next one, besides what it looked at. */
export interface CheckParts {
  readonly outcome: Outcome;
  readonly expected: ExpectedPaths;
  readonly installed: readonly KeptReceipt[];
  readonly judged: readonly JudgedBatch[];
  /** Of each folder with files of the tree. */
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  readonly walks: ReadonlyMap<string, FolderWalk | undefined>;
  readonly ownership: OwnershipMemo | null;
  readonly events: EventsMemo;
  /** Rows of packages_registry. */
  readonly packages: readonly Row[];
  readonly registry_findings: readonly Finding[];
}
