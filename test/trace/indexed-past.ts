/** A plane with a past, asked with and without its index. */
import { setTimeout } from "node:timers/promises";
import type { TraceReport } from "../../src/contracts/index.ts";
import { sha256Hex } from "../../src/kernel/index.ts";
import { settleTree } from "../../src/ledger/index.ts";
import { planeStream } from "../../src/plane/index.ts";
import { readInstalled } from "../../src/receipts/index.ts";
import { ask, explain, type Question, type TraceOptions } from "../../src/trace/index.ts";
import { aChain, entry, type TestPlane } from "./planes.ts";

/** Longer than the clock of a file system takes to tick: what is older is believed. */
export const SETTLED_MS = 80;

export interface Answers {
  readonly explained: (subject: string, options?: TraceOptions) => Promise<TraceReport | string>;
  readonly asked: (question: Question, options?: TraceOptions) => Promise<TraceReport | string>;
}

const orCode = (answer: Promise<TraceReport>): Promise<TraceReport | string> =>
  answer.catch((error: { code?: string; message: string }) => `${error.code}: ${error.message}`);

export const answersOf = (on: TestPlane, given: TraceOptions): Answers => ({
  explained: (subject, options) => orCode(explain(on.effects, on.plane, subject, { ...given, ...options })),
  asked: (question, options) => orCode(ask(on.effects, on.plane, question, { ...given, ...options })),
});

/** A chain with an update, a package that left, words in the ledger, a log, and rows that no receipt bears out. */
export async function aPast(): Promise<{ on: TestPlane; ids: readonly string[] }> {
  const on = await aChain();
  const stray = { owner_package_id: "PKG-T0-BASE-001", classification: "data" };
  on.rows(
    "file_ownership",
    { ...stray, file_path: "lib/stray.txt", sha256: sha256Hex("stray") },
    { ...stray, file_path: "modules/mid/stray.md", sha256: sha256Hex("stray") },
  );
  const [base] = readInstalled(on.effects.fs, on.root);
  const in_force = (version: string, manifest_hash = sha256Hex(version)) => ({
    plane_id: "ho3",
    version,
    manifest_hash,
    user: "carol smith",
  });
  const written = await on.append(
    "ledger/packages.jsonl",
    entry("INSTALLED", "PKG-T0-BASE-001", in_force("0.9.0")),
    entry("INSTALLED", "PKG-T1-GONE-001", in_force("1.0.0")),
    entry("UPDATED", "PKG-T0-BASE-001", in_force("1.0.0", base?.receipt.manifest_hash)),
    entry("UNINSTALLED", "PKG-T1-GONE-001", in_force("1.0.0")),
    ...Array.from({ length: 30 }, (_, at) => entry("noted", "PKG-T2-TOP-001", { user: "dave", number: at })),
  );
  await on.append("ledger/governance.jsonl", entry("RECEIPT_DAMAGED", "plane", { user: "carol smith" }));
  await settleTree(on.effects, planeStream(on.plane, "ledger/packages.jsonl"));
  await setTimeout(SETTLED_MS);
  return { on, ids: written.map(({ id }) => id) };
}
