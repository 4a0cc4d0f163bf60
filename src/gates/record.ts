/** Makes evidence of a report: signed by the plane's package key, kept beside the archives, named in the ledger. */
import { PACKAGE_TIERS, type PackageTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { loadSigningKey, type SigningKey } from "../keys/index.ts";
import { type KeptEvidence, keepEvidence } from "../lifecycle/index.ts";
import { authorise, digestOf, type Plane } from "../plane/index.ts";
import {
  makeProvenanceFault,
  placesOf,
  STATEMENT_PAYLOAD_TYPE,
  signedEnvelope,
  trustedKeys,
} from "../provenance/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { make } from "./faults.ts";
import { type Findings, type TestedPackage, testsOf } from "./report-tests.ts";
import { testResult } from "./statement.ts";

export interface RecordRequest {
  readonly report: Findings;
  readonly token: string | undefined;
  readonly wait_ms?: number | undefined;
}

/** What was tested and is not the store's: evidence counts for the very bytes alone. */
export interface NotRecorded {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of what was tested. */
  readonly digest: string;
  /** Of what the store holds; null where it holds none. */
  readonly stored: string | null;
}

export interface Recorded {
  readonly recorded: readonly KeptEvidence[];
  readonly skipped: readonly NotRecorded[];
  readonly transaction_id: string;
}

/** @throws AUTH_*, SIGNING_KEY_NONE, TRUSTED_KEYS_CHANGED, EVIDENCE_OF_NOTHING, EVIDENCE_OTHER_BYTES */
export async function recordEvidence(
  effects: Effects,
  plane: Plane,
  { report, token, wait_ms }: RecordRequest,
): Promise<Recorded> {
  const tested = testsOf(report).filter(({ tests }) => tests.length > 0);
  const { user } = await authorise(effects, plane, token, {
    action: "review",
    package_ids: [...new Set(tested.map(({ package_id }) => package_id))],
    tiers: [...new Set(tested.flatMap(({ package_id }) => tierOf(package_id)))],
    command: "golden record",
  });
  const key = packageKey(effects, plane);
  const storedDigest = ({ package_id, version }: TestedPackage): string | null =>
    digestOf(effects.fs, `${plane.root}/${versionedArchivePath(package_id, version)}`) ?? null;
  const judged = tested.map((one) => ({ one, stored: storedDigest(one) }));
  const ours = judged.filter(({ one, stored }) => stored === one.digest).map(({ one }) => one);
  const skipped = judged
    .filter(({ one, stored }) => stored !== one.digest)
    .map(({ one: { package_id, version, digest }, stored }) => ({ package_id, version, digest, stored }));
  if (ours.length === 0)
    throw make(
      "EVIDENCE_OF_NOTHING",
      `nothing that was tested is in the store of ${plane.root} with these bytes`,
      {
        skipped: skipped.map(({ package_id, version }) => `${package_id}@${version}`),
      },
    );
  const evidence = ours.map((one) => {
    const { bytes, result } = testResult(report, one);
    const line = signedEnvelope(STATEMENT_PAYLOAD_TYPE, bytes, [key]);
    const { package_id, version, digest, tests } = one;
    return { package_id, version, digest, line, result, tests: tests.length };
  });
  const { kept, transaction_id } = await keepEvidence(effects, plane, { user, wait_ms }, evidence);
  return { recorded: kept, skipped, transaction_id };
}

function packageKey(effects: Effects, plane: Plane): SigningKey {
  // A key the plane's own list does not agree on would sign what nobody accepts.
  trustedKeys(effects, plane);
  const key = loadSigningKey(effects, placesOf(plane), { use: "package" });
  if (key !== undefined) return key;
  throw makeProvenanceFault("SIGNING_KEY_NONE", "no key of this machine may sign packages", {
    use: "package",
  });
}

const tierOf = (package_id: string): PackageTier[] =>
  PACKAGE_TIERS.filter((tier) => package_id.startsWith(`PKG-${tier}-`));
