/** `config/policy.toml`: which archives must be signed by whom, and who may do without until when. */
import { SignaturePolicy } from "../contracts/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import { Fault, sha256Hex } from "../kernel/index.ts";
import { readPinnedPolicy, writePinnedPolicy } from "../keys/index.ts";
import { appendEntries } from "../ledger/index.ts";
import { firstIssue, parseToml } from "../metadata/index.ts";
import { GOVERNANCE_STREAM, type Plane, planeStream, WAIVERS_PATH } from "../plane/index.ts";
import { make, raise } from "./faults.ts";
import { placesOf } from "./trusted-keys.ts";

/** Plane-relative. */
export const POLICY_PATH = "config/policy.toml";

const FILE_BYTES_MAX = 1 << 20;
const NONE = "none";

/**
 * The policy in force. Without a file nothing is demanded, unless one was accepted before: then its absence is a change.
 * @throws POLICY_INVALID, POLICY_CHANGED
 */
export function readPolicy({ fs }: Pick<Effects, "fs">, plane: Plane): SignaturePolicy {
  const text = policyText(fs, plane);
  const actual = text === undefined ? NONE : sha256Hex(text);
  const expected = readPinnedPolicy(fs, placesOf(plane));
  if (expected !== undefined && expected !== actual)
    raise("POLICY_CHANGED", `${POLICY_PATH} is not the policy that was accepted`, {
      path: POLICY_PATH,
      expected,
      actual,
    });
  return text === undefined ? { signatures: [], waivers: [] } : parsePolicy(text);
}

function policyText(fs: FileSystem, plane: Plane): string | undefined {
  const path = `${plane.root}/${POLICY_PATH}`;
  const found = fs.stat(path);
  if (found === undefined) return undefined;
  const refuse = (field: string): never =>
    raise("POLICY_INVALID", `${POLICY_PATH} is not a small regular text file`, { path: POLICY_PATH, field });
  if (found.kind !== "file" || found.size_bytes > FILE_BYTES_MAX) return refuse("the file");
  try {
    return fs.readText(path);
  } catch {
    return refuse("the encoding");
  }
}

/** @throws POLICY_INVALID with the field, or line and column */
export function parsePolicy(text: string): SignaturePolicy {
  let raw: unknown;
  try {
    raw = parseToml(text, POLICY_PATH);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { line, column } = error.details as { line?: number; column?: number };
    const field = line === undefined ? "the syntax" : `line ${line}, column ${column ?? 1}`;
    throw make("POLICY_INVALID", error.message, { path: POLICY_PATH, field });
  }
  if (Object.hasOwn(raw as object, "waiver")) {
    const message = `${POLICY_PATH} takes [[waivers]], not [[waiver]]; that is the spelling of ${WAIVERS_PATH}`;
    throw make("POLICY_INVALID", message, { path: POLICY_PATH, field: "[[waiver]] to [[waivers]]" });
  }
  const parsed = SignaturePolicy.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw make("POLICY_INVALID", `${POLICY_PATH} ${field}: ${message}`, { path: POLICY_PATH, field });
}

/** Pins the policy as it lies there, so that no other takes its place unnoticed. @returns whether that changed anything */
export async function acceptPolicy(effects: Effects, plane: Plane, user: string): Promise<boolean> {
  const text = policyText(effects.fs, plane);
  if (text !== undefined) parsePolicy(text);
  const digest = text === undefined ? NONE : sha256Hex(text);
  const before = readPinnedPolicy(effects.fs, placesOf(plane));
  if (before === digest || (before === undefined && text === undefined)) return false;
  await appendEntries(effects, planeStream(plane, GOVERNANCE_STREAM), [
    {
      event_type: "policy_accepted",
      submission_id: POLICY_PATH,
      decision: "RECORDED",
      reason: `policy_accepted ${POLICY_PATH}`,
      metadata: { user, before: before ?? null, after: digest },
    },
  ]);
  writePinnedPolicy(effects, placesOf(plane), digest);
  return true;
}
