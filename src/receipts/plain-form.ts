/**
 * Recognises members that are in order at a fiftieth of the cost of the schema. It knows less than the schema does: what fits
 * here fits there, unchanged; what does not fit is for the schema to judge, which also says what is wrong.
 */
import { CLASSIFICATIONS, PACKAGE_TIERS, PLANE_TIERS } from "../contracts/index.ts";

type Members = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === "string";
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const like =
  (pattern: RegExp, length_max = 128): Check =>
  (value) =>
    typeof value === "string" && value.length <= length_max && pattern.test(value);
const oneOf = (values: readonly unknown[]): Check => {
  const known = new Set(values);
  return (value) => known.has(value);
};
const listOf =
  (check: Check, length_max = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Array.isArray(value) && value.length <= length_max && value.every(check);
const recordOf =
  (check: Check): Check =>
  (value) =>
    isMembers(value) && Object.entries(value).every(([key, one]) => key !== "__proto__" && check(one));

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An object with all required members, perhaps optional ones, and no other. */
function membersOf(required: Checks, optional: Checks = {}): Check {
  const checks = new Map(Object.entries({ ...required, ...optional }));
  const required_count = Object.keys(required).length;
  return (value) => {
    if (!isMembers(value)) return false;
    let found = 0;
    for (const key of Object.keys(value)) {
      if (checks.get(key)?.(value[key]) !== true) return false;
      if (Object.hasOwn(required, key)) found++;
    }
    return found === required_count;
  };
}

const packageId = like(/^PKG(-[A-Z0-9]+)+$/);
const version = like(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/, 64);
const digest = like(/^sha256:[0-9a-f]{64}$/);
const tier = oneOf(PACKAGE_TIERS);
const planeTier = oneOf(PLANE_TIERS);
/** Days that every month has. */
const moment = like(
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?Z$/,
);
const cell = like(/^[A-Za-z0-9][\x20-\x7e]*$/, 1024);
const range = like(/^[\x20-\x7e]+$/);

const FILE: Checks = {
  sha256: digest,
  size_bytes: count,
  executable: (value) => typeof value === "boolean",
  classification: oneOf(CLASSIFICATIONS),
};
/** A member of `files`. */
export const isPlainFile = membersOf(
  { ...FILE, path: (value) => text(value) && value !== "", origin: oneOf(["created", "adopted"]) },
  { mode: like(/^0[0-7]{3}$/) },
);
/** A member of `assets`. */
const isPlainAsset = membersOf({
  ...FILE,
  path: (value) => text(value) && value !== "" && (value as string).length <= 1024,
});
/** A receipt without looking into its list of files. */
export const isPlainReceipt = membersOf(
  {
    receipt_version: oneOf(["2.0"]),
    package_id: packageId,
    version,
    tier,
    package_type: text,
    plane_id: planeTier,
    origin: oneOf(["INSTALLER"]),
    installed_at: moment,
    installed_by: text,
    transaction_id: text,
    generation: count,
    manifest_hash: digest,
    archive_hash: digest,
    content_digest: like(/^[0-9a-f]{64}$/),
    archive_profile: oneOf(["canonical", "plain"]),
    assets_count: count,
    work_order_id: (value) => value === null || text(value),
    files: Array.isArray,
    directories_created: listOf(text),
    cache_before: listOf(text),
    ledger_heads: recordOf(membersOf({ entries: count, entry_hash: text })),
  },
  { ledger_checkpoints: recordOf(text) },
);

const patterns = listOf(like(/^[^]+$/, 512), 1024);
const PACKAGE_TYPES = "library agent plugin framework spec policy gate tool baseline standard".split(" ");

/** A manifest without looking into its list of assets; what has defaults must be there. */
export const isPlainManifest = membersOf(
  {
    schema_version: oneOf(["2.0"]),
    package_id: packageId,
    name: cell,
    version,
    tier,
    package_type: oneOf(PACKAGE_TYPES),
    plane_id: planeTier,
    compat: membersOf({}, { host: range, api: range, python: range, node: range }),
    dependencies: listOf(membersOf({ id: packageId, range }), 1000),
    conflicts: listOf(packageId, 1000),
    assets: (value) => Array.isArray(value) && value.length > 0 && value.length <= 200_000,
    metadata: recordOf((value) => value === null || typeof value !== "object"),
  },
  {
    spec_id: like(/^SPEC(-[A-Z0-9]+)+$/),
    framework_id: like(/^FMWK(-[A-Z0-9]+)+$/),
    license: cell,
    capabilities: membersOf({ read: patterns, write: patterns, execute: patterns, forbidden: patterns }),
  },
);

/** The same with the lists of files. */
export const isWhollyPlainReceipt = (value: unknown): boolean =>
  isPlainReceipt(value) && (value as { readonly files: readonly unknown[] }).files.every(isPlainFile);
export const isWhollyPlainManifest = (value: unknown): boolean =>
  isPlainManifest(value) && (value as { readonly assets: readonly unknown[] }).assets.every(isPlainAsset);
