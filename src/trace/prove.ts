/** `--prove`: recomputes the digest of every piece of evidence and says which record states the same one. */
import { createHash } from "node:crypto";
import type { Evidence, EvidenceProof, InclusionProof, TraceStatement } from "../contracts/index.ts";
import { bare } from "../kernel/index.ts";
import { readLine } from "../ledger/index.ts";
import { receiptPath } from "../receipts/index.ts";
import { admittingLine } from "./admission.ts";
import type { Sight } from "./sight.ts";
import { storedText } from "./stored-text.ts";

const CHUNK_BYTES = 1 << 20;

/** The same statements with proofs. Each file and each stream is read once, whatever the number of statements. */
export function proved(sight: Sight, statements: readonly TraceStatement[]): TraceStatement[] {
  const lines = ledgerLines(sight, statements);
  const files = new Map<string, EvidenceProof | null>();
  const proofOf = (one: Evidence): EvidenceProof | null => {
    if (one.kind === "ledger") return entryProof(sight, one, lines.get(`${one.path}:${one.line}`));
    if (one.kind === "program") return null;
    if (!files.has(one.path)) files.set(one.path, fileProof(sight, one));
    return files.get(one.path) ?? null;
  };
  return statements.map((statement) => ({
    ...statement,
    evidence: statement.evidence.map((one) => ({ ...one, proof: proofOf(one) })),
  }));
}

/** Bytes of the ledger lines that statements name. */
function ledgerLines(sight: Sight, statements: readonly TraceStatement[]): Map<string, string> {
  const wanted = new Map<string, Set<number>>();
  for (const { kind, path, line } of statements.flatMap(({ evidence }) => evidence)) {
    if (kind !== "ledger" || line === null) continue;
    const numbers = wanted.get(path) ?? new Set<number>();
    wanted.set(path, numbers.add(line));
  }
  const found = new Map<string, string>();
  for (const [stream, numbers] of wanted) {
    if (!sight.isReadable(stream) || sight.stat(stream)?.kind !== "file") continue;
    for (const line of numbers) {
      const text = storedText(sight, stream, line);
      if (text !== undefined) found.set(`${stream}:${line}`, text);
    }
  }
  return found;
}

function entryProof(
  sight: Sight,
  { path, line, key }: Evidence,
  text: string | undefined,
): EvidenceProof | null {
  if (text === undefined || line === null) return null;
  const reading = readLine(Buffer.from(text));
  const inclusion = inclusionOf(sight, path, line);
  if (reading.state === "malformed") return { digest: "", holds: false, recorded_by: key, inclusion };
  const { computed_hash, entry_hash } = reading;
  return { digest: bare(computed_hash), holds: computed_hash === entry_hash, recorded_by: key, inclusion };
}

/** A tree that does not fit its lines is damage, and no proof. */
function inclusionOf(sight: Sight, stream: string, line: number): InclusionProof | null {
  try {
    return sight.log.inclusion(stream, line) ?? null;
  } catch (error) {
    sight.noteFault(error);
    return null;
  }
}

function fileProof(sight: Sight, { kind, path }: Evidence): EvidenceProof | null {
  const digest = digestOf(sight, path);
  if (digest === undefined) return null;
  const recorded = kind === "receipt" ? recordOfReceipt(sight, path) : undefined;
  return {
    digest,
    holds: recorded === undefined ? null : recorded.digest === digest,
    recorded_by: recorded?.id ?? null,
    inclusion: null,
  };
}

/** The entry that let the package in binds its receipt. */
function recordOfReceipt(sight: Sight, path: string): { digest: string; id: string } | undefined {
  const id = /(?:^|\/)installed\/([^/]+)\/receipt\.json$/.exec(path)?.[1] ?? "";
  const found = sight.installedAs(id).find(({ receipt }) => receiptPath(id, receipt.plane_id) === path);
  const line = found === undefined ? undefined : admittingLine(sight, found.receipt);
  const digest = line?.metadata["receipt_sha256"];
  return typeof digest === "string" && line !== undefined ? { digest, id: line.event.id } : undefined;
}

function digestOf(sight: Sight, path: string): string | undefined {
  const { fs } = sight.effects;
  if (sight.stat(path)?.kind !== "file") return undefined;
  const hash = createHash("sha256");
  try {
    const handle = fs.openRead(`${sight.plane.root}/${path}`);
    try {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let count = handle.read(buffer); count > 0; count = handle.read(buffer))
        hash.update(buffer.subarray(0, count));
    } finally {
      handle.close();
    }
  } catch {
    // What cannot be read proves nothing, and the statement says so by having no proof.
    return undefined;
  }
  return hash.digest("hex");
}
