/**
 * `tokens.jsonl`: which tokens were issued and which were revoked. Append-only, synced, never a token itself.
 *
 *     {"event": "issued", "expires_at_s": 1, "issued_at_s": 0, "narrowing": {}, "role": "admin", "token_id": "…", "user": "ann"}
 *     {"event": "revoked", "revoked_at_s": 5, "token_id": "…"}        or with "user" instead of "token_id"
 */
import type { Role } from "../contracts/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import { type Json, spacedJson } from "../kernel/index.ts";
import { raise } from "./faults.ts";
import { parentOf } from "./places.ts";
import { makePrivateDirectory, readPrivateText, writing } from "./private-file.ts";
import { isRole } from "./roles.ts";
import type { Narrowing } from "./token-text.ts";

export interface IssuedToken {
  readonly token_id: string;
  readonly user: string;
  readonly role: Role;
  readonly issued_at_s: number;
  readonly expires_at_s: number;
  readonly narrowing: Narrowing;
}

export interface Revoked {
  readonly token_ids: ReadonlySet<string>;
  /** User → when (seconds): refuses `user:HMAC` tokens for good, and ours issued at that second or before. */
  readonly users: ReadonlyMap<string, number>;
}

export interface TokenLog {
  readonly issued: readonly IssuedToken[];
  readonly revoked: Revoked;
}

/** A missing file means that nothing was issued or revoked here. @throws AUTH_STATE_DAMAGED, AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE */
export function readTokenLog(fs: FileSystem, path: string): TokenLog {
  const issued: IssuedToken[] = [];
  const token_ids = new Set<string>();
  const users = new Map<string, number>();
  const lines = (readPrivateText(fs, path) ?? "").split("\n");
  for (const [index, text] of lines.entries()) {
    const is_tail = index === lines.length - 1;
    if (is_tail && text === "") break;
    const event = asEvent(text);
    if (event === undefined) {
      // A tail without newline was never acknowledged to anyone; any other odd line could hide a revocation.
      if (is_tail) break;
      const reason = `line ${index + 1} is not a token event`;
      return raise("AUTH_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
    }
    if (event.event === "issued") issued.push(event.token);
    else if ("token_id" in event) token_ids.add(event.token_id);
    else users.set(event.user, Math.max(event.revoked_at_s, users.get(event.user) ?? 0));
  }
  return { issued, revoked: { token_ids, users } };
}

type Revocation =
  | { readonly event: "revoked"; readonly revoked_at_s: number; readonly token_id: string }
  | { readonly event: "revoked"; readonly revoked_at_s: number; readonly user: string };
type TokenEvent = { readonly event: "issued"; readonly token: IssuedToken } | Revocation;

function asEvent(text: string): TokenEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { event, ...rest } = value as Readonly<Record<string, unknown>>;
  if (event === "issued")
    return isIssued(rest) ? { event, token: rest as unknown as IssuedToken } : undefined;
  const { revoked_at_s, token_id, user } = rest;
  if (event !== "revoked" || !Number.isSafeInteger(revoked_at_s)) return undefined;
  const at = { event, revoked_at_s: revoked_at_s as number } as const;
  if (typeof token_id === "string" && user === undefined) return { ...at, token_id };
  return typeof user === "string" && token_id === undefined ? { ...at, user } : undefined;
}

function isIssued(rest: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof rest["token_id"] === "string" &&
    typeof rest["user"] === "string" &&
    isRole(rest["role"]) &&
    Number.isSafeInteger(rest["issued_at_s"]) &&
    Number.isSafeInteger(rest["expires_at_s"]) &&
    typeof rest["narrowing"] === "object" &&
    rest["narrowing"] !== null
  );
}

/**
 * Adds one event durably. A tail left by a crash is ended or cut first.
 * @throws AUTH_BUSY, AUTH_STATE_UNWRITABLE
 */
export async function addTokenEvent(
  effects: Pick<Effects, "fs" | "locks">,
  path: string,
  event: { readonly [key: string]: Json },
): Promise<void> {
  const { fs } = effects;
  writing(path, () => makePrivateDirectory(fs, parentOf(path)));
  await whileAuthLocked(effects, parentOf(path), () => {
    const text = readPrivateText(fs, path);
    const { keep_bytes, mended } = tailOf(text ?? "");
    writing(path, () => {
      const handle = fs.openWrite(path, { mode: 0o600, how: "append" });
      try {
        if (keep_bytes !== undefined) handle.truncate(keep_bytes);
        handle.write(Buffer.from(`${mended}${spacedJson(event)}\n`));
        handle.sync();
      } finally {
        handle.close();
      }
      if (text === undefined) fs.syncDirectory(parentOf(path));
    });
  });
}

/** What to do about a last line without newline: end it when it is whole, cut it when it is not. */
function tailOf(text: string): { keep_bytes?: number; mended: string } {
  const start = text.lastIndexOf("\n") + 1;
  if (start === text.length) return { mended: "" };
  if (asEvent(text.slice(start)) !== undefined) return { mended: "\n" };
  return { keep_bytes: Buffer.byteLength(text.slice(0, start)), mended: "" };
}

const WAIT_MS = 10_000;

/** One `pkg auth` command at a time in a keys directory. @throws AUTH_BUSY, AUTH_STATE_UNWRITABLE */
export async function whileAuthLocked<T>(
  effects: Pick<Effects, "locks">,
  directory: string,
  work: () => T,
): Promise<T> {
  const path = `${directory}/auth.lock`;
  const lock = await effects.locks.acquire(path, { wait_ms: WAIT_MS }).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return raise("AUTH_STATE_UNWRITABLE", `${path} cannot be locked: ${reason}`, { path, reason }, error);
  });
  if (lock === undefined) return raise("AUTH_BUSY", `another command holds ${path}`, { path });
  try {
    return work();
  } finally {
    lock.release();
  }
}
