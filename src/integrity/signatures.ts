/** Who vouches for what is installed, by the policy and the keys of today: a key may be revoked after the install. */
import type { Row, SignaturePolicy } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare, Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  compareKeys,
  enforcePolicy,
  findHmacKey,
  hasVouchers,
  judgeVouchers,
  POLICY_PATH,
  readPolicy,
  type Subject,
  trustedKeys,
} from "../provenance/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import { isRemote, versionedArchivePath } from "../store/index.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

type Needs = Pick<Effects, "fs" | "clock" | "host">;

/** @param archiveOf the stored archive with the bytes a version was installed from, plane-relative */
export function judgeSignatures(
  effects: Needs,
  plane: Plane,
  installed: readonly InstalledHead[],
  {
    rows,
    archiveOf,
  }: { readonly rows: readonly Row[]; readonly archiveOf: (one: InstalledHead) => string | undefined },
  outcome: Outcome,
): void {
  const { fs, clock } = effects;
  const { root } = plane;
  const policy = settled(() => readPolicy(effects, plane), POLICY_PATH, outcome);
  if (policy === undefined) return;
  const now_ms = clock.now_ms();
  for (const { expires } of policy.waivers)
    if (now_ms < Date.parse(expires)) outcome.restsOn(Date.parse(expires));
  const of_installed = installed.map((one) => ({ one, path: archiveOf(one) }));
  const judged = of_installed.filter(
    ({ path }) => policy.signatures.length > 0 || (path !== undefined && hasVouchers(fs, `${root}/${path}`)),
  );
  if (judged.length === 0) return judgeKeys(effects, plane, outcome);
  const keys = keysOf(effects, plane, policy, outcome);
  if (keys === undefined) return;
  const trust = { keys, hmac_key: findHmacKey(effects) };
  const sources = new Map(rows.map((row) => [row["id"], row["source"] ?? ""]));
  for (const { one, path } of judged) {
    const subject = subjectOf(one, path, sources.get(one.receipt.package_id) ?? "");
    const nothing = {
      signature_path: subject.source,
      provenance_path: subject.source,
      signatures: [],
      provenance: [],
    };
    const vouching =
      path === undefined ? nothing : judgeVouchers(fs, `${root}/${path}`, subject.digest, trust);
    for (const fault of enforcePolicy(policy, subject, vouching, now_ms).problems)
      tell(fault, root, subject, outcome);
  }
}

/** A list of keys or a policy that is not the accepted one is a finding, and then nothing is judged by it. */
function settled<T>(read: () => T, path: string, outcome: Outcome): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    outcome.find(error.code, shown(error.message), error.next_step, { path });
    return undefined;
  }
}

const KEYS_PATH = "config/trusted_keys.json";

/** Where nothing has to be verified by it, the list still has to say what is pinned: it is what people review. */
function judgeKeys({ fs }: Needs, plane: Plane, outcome: Outcome): void {
  if (fs.stat(`${plane.root}/${KEYS_PATH}`) === undefined) return;
  const isOther = (): boolean => {
    try {
      const { pinned, differences } = compareKeys(fs, plane);
      return pinned.length > 0 && differences.length > 0;
    } catch (error) {
      // What lies outside the plane is told where ledgers are verified by it.
      if (error instanceof Fault) return false;
      throw error;
    }
  };
  if (isOther()) settled(() => trustedKeys({ fs }, plane), KEYS_PATH, outcome);
}

function keysOf(
  effects: Needs,
  plane: Plane,
  { signatures }: SignaturePolicy,
  outcome: Outcome,
): ReturnType<typeof trustedKeys> | undefined {
  const path = KEYS_PATH;
  const compared = settled(() => compareKeys(effects.fs, plane), path, outcome);
  if (compared === undefined) return undefined;
  if (compared.pinned.length > 0 || compared.published === undefined)
    return settled(() => trustedKeys(effects, plane), path, outcome);
  // Elsewhere than where the keys are nobody can say which list is the right one.
  const message = "no keys are pinned on this machine, so no signature of an installed package was verified";
  const step = `Look at ${path}, then accept it with "pkg keys trust --accept".`;
  outcome.find("SIGNING_KEYS_UNKNOWN", message, step, {
    path,
    severity: signatures.length > 0 ? "error" : "note",
  });
  return undefined;
}

/** A source that is no URL is judged as the store has it, which is where a restore takes it from. */
function subjectOf({ receipt }: InstalledHead, path: string | undefined, source: string): Subject {
  const { package_id, version, tier, archive_hash } = receipt;
  const stored = path ?? versionedArchivePath(package_id, version);
  return {
    package_id,
    version,
    tier,
    source: isRemote(source) ? source : stored,
    digest: bare(archive_hash),
  };
}

function tell(fault: Fault, root: string, { package_id }: Subject, outcome: Outcome): void {
  const { path, actual, expected } = fault.details;
  const relative = (text: string): string => text.replaceAll(`${root}/`, "");
  const message = shown(`installed ${package_id}: ${relative(fault.message)}`);
  const step =
    fault.code === "SIGNING_KEY_REVOKED"
      ? `Pack the same source again with "pkg pack --src DIR --sign", or run "pkg uninstall --id ${package_id}"; config/waivers.toml can excuse it until a day.`
      : fault.next_step;
  outcome.find(fault.code, message, step, {
    package_id,
    ...(typeof path === "string" ? { path: relative(path) } : {}),
    ...(typeof actual === "string" && actual !== "" ? { actual } : {}),
    ...(typeof expected === "string" ? { expected } : {}),
  });
}
