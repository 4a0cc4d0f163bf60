/** Ledgers in a temp directory, for tests. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll } from "vitest";
import type { NewLedgerEntry } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { Fault, sha256Hex, spacedJson } from "../../src/kernel/index.ts";
import { appendEntries, type StreamRef, streamRef } from "../../src/ledger/index.ts";

export const effects = nodeEffects();

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

export interface TestLedger {
  readonly root: string;
  readonly stream: StreamRef;
  readonly heads: string;
}

/** An empty plane with a heads directory; the stream does not exist yet. */
export function aLedger(name = "ledger/governance.jsonl"): TestLedger {
  const root = mkdtempSync(`${tmpdir()}/ledger-`);
  roots.push(root);
  const heads = `${root}/heads`;
  mkdirSync(heads);
  return { root, heads, stream: streamRef({ root, name, heads_directory: heads }) };
}

export function anEntry(changes: Partial<NewLedgerEntry> = {}): NewLedgerEntry {
  return {
    event_type: "INSTALLED",
    submission_id: "PKG-T1-RUNTIME-001",
    decision: "INSTALL",
    reason: "as asked",
    metadata: { assets_count: 3 },
    ...changes,
  };
}

export async function filled(ledger: TestLedger, count: number): Promise<string[]> {
  const entries = Array.from({ length: count }, (_, i) => anEntry({ reason: `entry ${i}` }));
  await appendEntries(effects, ledger.stream, entries);
  return linesOf(ledger.stream);
}

export const linesOf = (stream: StreamRef): string[] =>
  readFileSync(stream.path, "utf8").split("\n").slice(0, -1);

export function writeLines(stream: StreamRef, lines: readonly string[]): void {
  mkdirSync(stream.path.slice(0, stream.path.lastIndexOf("/")), { recursive: true });
  writeFileSync(stream.path, lines.map((line) => `${line}\n`).join(""));
}

/** The line with members replaced and a hash that fits again. */
export function resealed(line: string, changes: Record<string, unknown>): string {
  const { entry_hash: _old, ...rest } = { ...JSON.parse(line), ...changes };
  return spacedJson({ ...rest, entry_hash: sha256Hex(spacedJson(rest)) });
}

export async function faultOf(work: () => unknown): Promise<Fault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("expected a fault");
}

/** Output of a Python program that reads JSON from stdin. */
export function python(program: string, input: unknown): string {
  return execFileSync("python3", ["-c", program], { input: JSON.stringify(input), encoding: "utf8" });
}

/** What the older Python writer does: its key order, floats and all. */
export const OLDER_WRITER = `
import json, sys, hashlib
previous = ""
for event in json.load(sys.stdin):
    entry = dict(event_type=event.get("event_type", "INSTALLED"), submission_id="S", decision="D", reason=event.get("reason", ""),
                 prompts_used=event.get("prompts_used", []), metadata=event.get("metadata", {}), id=event.get("id", "LED-0badcafe"),
                 timestamp="2026-02-03T06:11:46+00:00", previous_hash=previous)
    if event.get("float"): entry["metadata"]["f"] = [1.0, 1e16, 1e-07, -0.0, 0.1 + 0.2, 123456789012345680.0, 1.5e300, 10**30, -10**19, 1e15, 1e22, 5e-324]
    previous = entry["entry_hash"] = hashlib.sha256(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    sys.stdout.buffer.write(json.dumps(entry, ensure_ascii=False).encode() + b"\\n")
`;
