/** Evidence beside the archives it is about, `<archive>.golden.jsonl`, one DSSE envelope a line; in the ledger by digest. */
import type { Effects } from "../effects/index.ts";
import { sha256Hex, sortedBy } from "../kernel/index.ts";
import { digestOf, PACKAGES_STREAM, type Plane, writing } from "../plane/index.ts";
import { evidencePath, readEvidenceText, versionedArchivePath } from "../store/index.ts";
import { make } from "./faults.ts";
import { type Committed, type LedgerNote, transact } from "./transact.ts";

/** Older ones leave the file; the ledger keeps their digests. */
const LINES_MAX = 64;

export interface NewEvidence {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the archive it is about. */
  readonly digest: string;
  /** One envelope, without its newline. */
  readonly line: string;
  readonly result: "PASSED" | "WARNED" | "FAILED";
  readonly tests: number;
}

export interface KeptEvidence {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the archive. */
  readonly digest: string;
  /** sha256 of the envelope's line. */
  readonly evidence_digest: string;
  readonly path: string;
  readonly result: NewEvidence["result"];
}

/**
 * All of it in one transaction.
 * @throws EVIDENCE_OTHER_BYTES where the store does not hold the very bytes it is about
 */
export async function keepEvidence(
  effects: Effects,
  plane: Plane,
  { user, wait_ms }: { readonly user: string; readonly wait_ms?: number | undefined },
  given: readonly NewEvidence[],
): Promise<Committed & { readonly kept: readonly KeptEvidence[] }> {
  const subject = [...new Set(given.map(({ package_id }) => package_id))].sort().join(" ");
  const about = { operation: "golden_record", subject, user };
  return writing(effects, plane, { user, ...(wait_ms === undefined ? {} : { wait_ms }) }, (session) =>
    transact(effects, session, about, async (transaction) => {
      const kept: KeptEvidence[] = [];
      const entries: LedgerNote[] = [];
      for (const one of sortedBy(given, ({ package_id, version }) => `${package_id} ${version}`)) {
        const archive = versionedArchivePath(one.package_id, one.version);
        requireBytes(digestOf(effects.fs, `${plane.root}/${archive}`), one);
        const path = evidencePath(archive);
        const before = readEvidenceText(effects.fs, `${plane.root}/${path}`) ?? "";
        const lines = [...before.split("\n").filter((line) => line !== ""), one.line].slice(-LINES_MAX);
        const text = `${lines.join("\n")}\n`;
        transaction.put(path, { bytes: Buffer.from(text), mode: 0o644 });
        const evidence_digest = sha256Hex(one.line);
        const { package_id, version, digest, result } = one;
        kept.push({ package_id, version, digest, evidence_digest, path, result });
        entries.push(noteOf(one, { user, path, evidence_digest, file_digest: sha256Hex(text) }));
      }
      return { registries: [], entries, result: { kept } };
    }),
  );
}

function requireBytes(stored: string | undefined, { package_id, version, digest }: NewEvidence): void {
  if (stored === digest) return;
  const held = stored === undefined ? "does not hold it" : `holds ${stored}`;
  throw make("EVIDENCE_OTHER_BYTES", `${package_id} ${version} was tested as ${digest}, the store ${held}`, {
    package_id,
    version,
    tested: digest,
    stored: stored ?? "",
  });
}

interface Noted {
  readonly user: string;
  readonly path: string;
  readonly evidence_digest: string;
  readonly file_digest: string;
}

/** The archive is named by another member than where an entry vouches for its bytes: a test vouches for none. */
const noteOf = (
  { package_id, version, digest, result, tests }: NewEvidence,
  { user, path, evidence_digest, file_digest }: Noted,
): LedgerNote => ({
  stream: PACKAGES_STREAM,
  event_type: "GOLDEN_RECORDED",
  submission_id: package_id,
  decision: result,
  reason: `${package_id} ${version}: ${result.toLowerCase()} in ${tests} tests`,
  metadata: {
    user,
    version,
    subject_digest: digest,
    evidence_path: path,
    evidence_digest,
    file_digest,
    tests,
  },
});
