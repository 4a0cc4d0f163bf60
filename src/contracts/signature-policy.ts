import { z } from "zod";
import { PackageId, PackageTier, Version } from "./atoms.ts";
import { PermissionLayer } from "./permission-policy.ts";

/** `*` and `?`; `**` crosses folders. */
const Patterns = z.array(z.string().min(1).max(256)).min(1).max(200);

/** A TOML date or time, or the same as text; in the end an ISO time in UTC. A day counts until it begins. */
const Expiry = z
  .union([z.date(), z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((value) => new Date(value).toISOString());

/** One demand: what it concerns, and who must have signed that. All rules that concern an archive must hold. */
export const SignatureRule = z
  .strictObject({
    packages: Patterns.default(["*"]),
    tiers: z.array(PackageTier).min(1).optional(),
    /** Where the archive comes from: a URL, a plane-relative path, or an absolute path. */
    sources: Patterns.optional(),
    /** Names of trusted keys. */
    signers: z.array(z.string().min(1).max(128)).min(1),
    /** So many of the signers, counted by public key. */
    threshold: z.int().min(1).max(64).default(1),
    require_provenance: z.boolean().default(false),
    /** Accepted builder ids; any when left out. */
    builders: z.array(z.string().min(1).max(256)).min(1).optional(),
    /** True lets a valid HMAC signature count as one of the signers, under the name "hmac". */
    accept_hmac: z.boolean().default(false),
  })
  .refine(
    ({ signers, threshold, accept_hmac }) => new Set(signers).size + (accept_hmac ? 1 : 0) >= threshold,
    {
      path: ["threshold"],
      message: "must not exceed the number of signers",
    },
  );
export type SignatureRule = z.output<typeof SignatureRule>;

/** Lifts the demands on a package until it expires; never makes a bad signature good. */
export const SignatureWaiver = z.strictObject({
  package: z.string().min(1).max(256),
  version: Version.optional(),
  owner: z.string().min(1).max(128),
  reason: z.string().min(1).max(1000),
  expires: Expiry,
});
export type SignatureWaiver = z.output<typeof SignatureWaiver>;

/** `config/policy.toml`. */
export const SignaturePolicy = z
  .strictObject({
    signatures: z.array(SignatureRule).max(1000).default([]),
    waivers: z.array(SignatureWaiver).max(1000).default([]),
    /** What plugins may touch: each layer may only tighten those above it. */
    organisation: PermissionLayer.optional(),
    plane: PermissionLayer.optional(),
    package: z.record(PackageId, PermissionLayer).optional(),
  })
  .meta({ id: "SignaturePolicy", title: "Policy of signatures and permissions" });
export type SignaturePolicy = z.output<typeof SignaturePolicy>;
