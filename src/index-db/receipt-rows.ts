/** The rows that one receipt and its manifest have in the index. */
import type { PackageTier, PlaneTier } from "../contracts/index.ts";
import type { Database } from "../effects/index.ts";
import type { Installed } from "../receipts/index.ts";
import { tokensOfReceipt } from "./mention-token.ts";

export interface Head {
  readonly package_id: string;
  readonly version: string;
  readonly tier: PackageTier;
  readonly plane_id: PlaneTier;
  readonly content_digest: string;
  readonly installed_at: string;
  readonly manifest_hash: string;
  readonly spec_id: string | null;
  readonly framework_id: string | null;
  readonly dependencies: readonly { readonly id: string; readonly range: string }[];
  readonly conflicts: readonly string[];
}

/** @throws SyntaxError for what is no head: the index is damaged then, which `withIndex` sees to */
export function parseHead(text: string): Head {
  return requireHead(JSON.parse(text));
}

/** @throws SyntaxError */
export function requireHead(value: unknown): Head {
  const head = value as Partial<Record<keyof Head, unknown>> | null;
  const is_head =
    TEXTS.every((name) => typeof head?.[name] === "string") &&
    Array.isArray(head?.conflicts) &&
    Array.isArray(head?.dependencies) &&
    head.dependencies.every((one) => typeof one?.id === "string" && typeof one?.range === "string");
  if (!is_head) throw new SyntaxError("no head of a package");
  return head as Head;
}

const TEXTS = ["package_id", "version", "tier", "plane_id", "manifest_hash"] as const;

export interface Place {
  readonly tier: PlaneTier;
  readonly id: string;
}

/** As read a moment ago. */
export interface Fresh extends Place {
  readonly stamp: string;
  readonly head: Head;
  readonly installed: Installed;
}

export function keepPackage(
  database: Database,
  { tier, id, stamp, head, installed }: Fresh,
  read_ms: number,
): void {
  forgetPackage(database, tier, id);
  const { version, tier: package_tier, spec_id, framework_id, manifest_hash, dependencies } = head;
  database.run(
    "INSERT INTO head VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tier,
    id,
    stamp,
    read_ms,
    JSON.stringify(head),
    version,
    package_tier,
    manifest_hash,
    spec_id,
    framework_id,
  );
  for (const [place, { id: target, range }] of dependencies.entries())
    database.run("INSERT INTO need VALUES (?, ?, ?, ?, ?)", target, tier, id, place, range);
  for (const token of tokensOfReceipt(installed))
    database.run("INSERT INTO held VALUES (?, ?, ?)", token, tier, id);
  // The plane itself is the folder around all.
  const folders = new Map<string, number>([["", installed.receipt.files.length]]);
  for (const { path } of installed.receipt.files) {
    database.run("INSERT OR IGNORE INTO file VALUES (?, ?, ?)", path, tier, id);
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1))
      folders.set(path.slice(0, end), (folders.get(path.slice(0, end)) ?? 0) + 1);
  }
  for (const [folder, count] of folders)
    database.run("INSERT INTO below VALUES (?, ?, ?, ?)", folder, tier, id, count);
}

export function forgetPackage(database: Database, tier: string, id: string): void {
  for (const table of ["head", "need", "held", "file", "below"])
    database.run(`DELETE FROM ${table} WHERE plane_id = ? AND package_id = ?`, tier, id);
}
