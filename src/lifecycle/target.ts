/** A package as it shall be after a change: what it is, and where its bytes come from. */
import type { Manifest, PlaneTier, Receipt } from "../contracts/index.ts";
import { prefixed } from "../kernel/index.ts";
import type { SignatureNote } from "../provenance/index.ts";
import type { Installed } from "../receipts/index.ts";
import type { Candidate } from "./candidate.ts";
import type { KeptBytes } from "./kept-bytes.ts";
import type { LeavingFiles } from "./leaving.ts";
import type { Placement } from "./place.ts";

export interface Target {
  readonly manifest: Manifest;
  /** `sha256:` and 64 hex digits, like `archive_hash`. */
  readonly manifest_hash: string;
  readonly archive_hash: string;
  /** Bare hex. */
  readonly content_digest: string;
  readonly archive_profile: Receipt["archive_profile"];
  readonly bytes:
    | { readonly kind: "archive"; readonly candidate: Candidate }
    | { readonly kind: "kept"; readonly kept: KeptBytes; readonly fallback: Candidate | undefined };
  /** Who vouched for the archive, and what was waived; kept in the ledger. */
  readonly signature?: SignatureNote;
  /** The receipt to put back as it was; a rollback is no new installation. */
  readonly earlier?: Receipt;
}

/** One package entering one plane tier, where another version of it may be. */
export interface Entering {
  readonly target: Target;
  readonly tier: PlaneTier;
  readonly before: Installed | undefined;
  readonly placements: readonly Placement[];
  /** Files of the version before that the new one no longer has. */
  readonly obsolete: LeavingFiles | undefined;
  /** Defaults that lie beside edited files after the change; the digest is prefixed. */
  readonly new_defaults: readonly { readonly path: string; readonly sha256: string }[];
}

export function targetOf(candidate: Candidate, signature?: SignatureNote): Target {
  const { manifest, manifest_hash, listing } = candidate;
  return {
    manifest,
    manifest_hash,
    archive_hash: prefixed(listing.digest),
    content_digest: listing.content_digest,
    archive_profile: listing.profile,
    bytes: { kind: "archive", candidate },
    ...(signature === undefined ? {} : { signature }),
  };
}

/** What to call the change of one package in one tier. */
export const verbOf = ({
  before,
  target,
}: Pick<Entering, "before" | "target">): "installed" | "updated" | "reverted" =>
  target.earlier !== undefined ? "reverted" : before === undefined ? "installed" : "updated";
