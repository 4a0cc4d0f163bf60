import { type Details, defineFaults, kind } from "../kernel/index.ts";

type OfArchive = { package_id: string; path: string };

const PACK_AGAIN = `Pack it again with "pkg pack --src DIR --sign", or fetch the archive together with its .sig again.`;

/** By one the policy names: `--sign` alone takes the plane's own key, which it may not name. */
const packedBy = ({ wanted }: { readonly wanted: readonly string[] }): string =>
  wanted[0] === undefined ? "pkg pack --src DIR --sign" : `pkg pack --src DIR --sign-key ${wanted[0]}`;

/** Faults of signatures, provenance, policy and the list of trusted keys. */
export const {
  raise,
  make,
  catalogue: provenanceFaults,
} = defineFaults({
  // signatures of archives
  SIGNATURE_MISSING: kind<OfArchive & { wanted: readonly string[]; threshold: number }>(
    3,
    (d) =>
      `Have it signed by ${d.wanted.join(" or ")} ("${packedBy(d)}"), or add a waiver with an expiry to config/policy.toml.`,
  ),
  SIGNATURE_INVALID: kind<OfArchive & { reason: string }>(3, () => PACK_AGAIN),
  SIGNING_KEY_REVOKED: kind<OfArchive & { key: string; revoked_at: string; reason: string }>(
    3,
    () =>
      `Pack it again with "pkg pack --src DIR --sign", which signs with the key in force ("pkg keys list").`,
  ),
  SIGNING_KEY_UNTRUSTED: kind<
    OfArchive & { signers: readonly string[]; wanted: readonly string[]; builders?: readonly string[] }
  >(3, (d) =>
    d.builders === undefined
      ? `Have it signed by ${d.wanted.join(" or ")} ("${packedBy(d)}"); a key of that name that is not trusted yet, trust after checking it: "pkg keys trust VKEY --use package".`
      : `Have it built by ${d.builders.join(" or ")}, or name its builder in config/policy.toml.`,
  ),
  WAIVER_EXPIRED: kind<{ package_id: string; owner: string; expires: string }>(
    3,
    (d) => `Have ${d.package_id} signed, or let ${d.owner} extend the waiver in config/policy.toml.`,
  ),
  // provenance
  PROVENANCE_MISSING: kind<OfArchive & { wanted: readonly string[] }>(
    3,
    (d) => `Pack it again with "${packedBy(d)} --attest".`,
  ),
  PROVENANCE_INVALID: kind<OfArchive & { reason: string }>(
    3,
    () =>
      `Pack it again with "pkg pack --src DIR --sign --attest", or delete what lies at the path named above.`,
  ),
  PROVENANCE_MISMATCH: kind<OfArchive & { expected: string; actual: string }>(
    3,
    () =>
      `Fetch the provenance of this very archive, or pack it again with "pkg pack --src DIR --sign --attest".`,
  ),
  // policy
  POLICY_INVALID: kind<Details & { path: string; field: string }>(
    2,
    (d) => `Correct ${d.field} in ${d.path}; docs/operating.md describes each key.`,
  ),
  POLICY_CHANGED: kind<{ path: string; expected: string; actual: string }>(
    3,
    (d) => `Look at ${d.path}; if the change is yours, accept it: "pkg keys trust --accept".`,
  ),
  // keys
  TRUSTED_KEYS_CHANGED: kind<{ path: string; reason: string }>(
    3,
    () =>
      `Run "pkg keys list" to see the difference, then "pkg keys trust --accept" to take it over or "pkg keys trust --restore" to undo it.`,
  ),
  SIGNING_KEY_NONE: kind<{ use: string }>(3, (d) => `Run "pkg keys generate --use ${d.use}".`),
  SIGNING_KEY_EXISTS: kind<{ name: string }>(
    3,
    (d) => `Choose another name, or replace the key with "pkg keys rotate ${d.name}".`,
  ),
  SIGNING_KEY_UNKNOWN: kind<{ key: string }>(1, () => `Run "pkg keys list" and take a name or id from it.`),
  SIGNING_KEY_AMBIGUOUS: kind<{ name: string; keys: readonly string[] }>(
    2,
    (d) => `Name one of them by its id, for example "pkg keys revoke ${d.keys[0] ?? ""} --reason WHY".`,
  ),
  SIGNING_KEY_NAME_INVALID: kind<{ name: string }>(
    2,
    () => `Use letters, digits and . _ - only, at most 64: "pkg keys generate NAME --use package".`,
  ),
  SIGNING_KEY_NOT_HERE: kind<{ name: string }>(
    3,
    (d) => `Rotate it where its private half lies, or revoke it: "pkg keys revoke ${d.name} --reason WHY".`,
  ),
  VERIFIER_KEY_INVALID: kind<{ field: string }>(
    2,
    () => `Paste the whole verifier key as "pkg keys list" shows it: NAME+HASH+BASE64.`,
  ),
  HMAC_KEY_MISSING: kind<{ variable: string }>(
    3,
    (d) =>
      `Set ${d.variable} to the shared key or to a file that holds it, or use --sign for an Ed25519 signature.`,
  ),
  HMAC_KEY_UNFIT: kind<{ variable: string }>(
    3,
    (d) => `Set ${d.variable} to a key of its own: whoever checks signatures with it could make tokens.`,
  ),
});
