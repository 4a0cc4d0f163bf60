/** Verdicts on the plane's own truth, from what the checks found about each of its files. */
import type { Finding, LedgerState, RegistryState } from "../contracts/index.ts";
import type { FileStat, FileSystem } from "../effects/index.ts";
import { type InstalledHead, manifestCopyPath, receiptPath } from "../receipts/index.ts";
import { sidecarPath } from "../store/index.ts";
import { commandIn } from "./cures.ts";
import { judgeRecordMode } from "./modes.ts";
import type { About, Outcome } from "./outcome.ts";

/** Codes of notes that nevertheless mean other bytes than recorded. */
const EDITED = new Set(["REGISTRY_EDITED", "SIDECAR_MISSING"]);
/** Said of archives that lie elsewhere; they are judged where that is found. */
const ELSEWHERE = new Set(["ARCHIVE_NOT_FETCHED", "STORE_COPY_MISSING"]);

export function judgeRecords(
  fs: FileSystem,
  root: string,
  {
    registries,
    ledger,
    installed,
    archives,
  }: {
    readonly registries: readonly RegistryState[];
    readonly ledger: readonly LedgerState[];
    readonly installed: readonly InstalledHead[];
    /** Path of each archive that should be there to its package. */
    readonly archives: ReadonlyMap<string, string>;
  },
  outcome: Outcome,
): void {
  const found = worstByPath(outcome.findings);
  const judge = (path: string, about: About): void => {
    const stat = statOf(fs, `${root}/${path}`);
    if (stat === "unreadable")
      return outcome.judgeRecord(path, "not_verifiable", {
        ...about,
        cure: commandIn(found.get(path)?.next_step ?? ""),
      });
    const has_mode = stat?.kind !== "file" || judgeRecordMode(path, stat.mode, outcome);
    const finding = found.get(path) ?? (has_mode ? undefined : outcome.findings.at(-1));
    if (finding === undefined) return outcome.judgeRecord(path, "match", about);
    const { expected, actual, next_step } = finding;
    outcome.judgeRecord(path, stat === undefined ? "missing" : "drift", {
      ...about,
      expected,
      actual,
      cure: commandIn(next_step),
    });
  };
  for (const { path } of registries) judge(path, { owner: "holdfast", classification: "data" });
  for (const { stream } of ledger) judge(stream, { owner: "holdfast", classification: "state" });
  for (const { receipt } of installed) {
    const owned = { owner: receipt.package_id, classification: "state" } as const;
    judge(receiptPath(receipt.package_id, receipt.plane_id), owned);
    judge(manifestCopyPath(receipt.package_id, receipt.plane_id), owned);
  }
  for (const path of lostReceipts(outcome.findings, installed))
    judge(path, { owner: found.get(path)?.package_id, classification: "state" });
  const judged = new Set(outcome.records.map(({ path }) => path));
  for (const [path, owner] of archives) {
    if (judged.has(path) || (fs.stat(`${root}/${path}`) === undefined && !found.has(path))) continue;
    judge(path, { owner, classification: "data" });
    if (found.has(sidecarPath(path)) && !judged.has(sidecarPath(path)))
      judge(sidecarPath(path), { owner, classification: "data" });
  }
}

/** In a folder that this user may not enter nobody can say what lies there; that is told where it is read. */
function statOf(fs: FileSystem, path: string): FileStat | undefined | "unreadable" {
  try {
    return fs.stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return "unreadable";
  }
}

function worstByPath(findings: readonly Finding[]): Map<string, Finding> {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const { path, severity, code } = finding;
    if (path === undefined || ELSEWHERE.has(code)) continue;
    if (severity !== "error" && !EDITED.has(code)) continue;
    if (worst.get(path)?.severity !== "error") worst.set(path, finding);
  }
  return worst;
}

/** Receipts that could not be read, or are gone, are in no list but that of the findings. */
function lostReceipts(findings: readonly Finding[], installed: readonly InstalledHead[]): Set<string> {
  const read = new Set(installed.map(({ receipt }) => receiptPath(receipt.package_id, receipt.plane_id)));
  return new Set(
    findings.flatMap(({ code, path }) =>
      (code === "RECEIPT_DAMAGED" || code === "RECEIPT_MISSING") && path !== undefined && !read.has(path)
        ? [path]
        : [],
    ),
  );
}
