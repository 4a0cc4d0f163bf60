import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { RegistryName } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import {
  checkRegistry,
  type RewriteRequest,
  type RewriteResult,
  rewriteRegistry,
} from "../../src/registry/index.ts";

export const { fs } = nodeEffects();
const directory = mkdtempSync(join(tmpdir(), "holdfast-registry-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let counter = 0;
export const freshPath = (): string => join(directory, `${counter++}.csv`);

/** A file with these bytes; strings are UTF-8. */
export function aFile(content: string | Uint8Array): string {
  const path = freshPath();
  writeFileSync(path, content);
  return path;
}

export type Change = Partial<Pick<RewriteRequest, "upsert" | "remove" | "insert">>;

/** Rewrites `content` and returns the new bytes as text, with the counts. */
export function rewritten(
  name: RegistryName,
  content: string | Uint8Array,
  change: Change,
): { readonly text: string; readonly bytes: Buffer; readonly result: RewriteResult } {
  const from = aFile(content);
  const to = freshPath();
  const result = rewriteRegistry(fs, { name, from, to, upsert: [], remove: [], insert: "end", ...change });
  const bytes = readFileSync(to);
  rmSync(from);
  rmSync(to);
  return { text: bytes.toString(), bytes, result };
}

export function faultOf(action: () => unknown): Fault {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Findings of one file in a form that compares at a glance: code, severity, line:column, field. */
export function found(name: RegistryName, content: string | Uint8Array): string[] {
  return checkRegistry(fs, aFile(content), name).map(
    (f) =>
      `${f.code} ${f.severity} ${f.line ?? "-"}:${f.column ?? "-"}${f.field === undefined ? "" : ` ${f.field}`}`,
  );
}
