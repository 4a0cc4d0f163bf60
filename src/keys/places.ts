/** Where keys lie. All of it is outside the plane, so that nobody who can write the plane can approve their own change. */
import type { FileSystem, Host } from "../effects/index.ts";
import { raise } from "./faults.ts";

/** Absolute paths inside one plane's keys directory. */
export interface KeysPlaces {
  readonly directory: string;
  /** `KEY=VALUE` lines. */
  readonly secrets: string;
  /** user → role, for `user:HMAC` tokens. */
  readonly roles: string;
  /** Issued and revoked tokens, never the tokens themselves. */
  readonly token_log: string;
  /** The first admin token, written once. */
  readonly admin_token: string;
  /** Heads of ledger streams. */
  readonly heads: string;
  /** Folder of the private signing keys, `<name>.key`. */
  readonly signing: string;
  /** The keys the plane trusts, pinned where who can write only the plane cannot reach. */
  readonly pinned_keys: string;
  /** Digest of the policy an operator accepted. */
  readonly pinned_policy: string;
  /** Digest of the plane's own list while a change of it is under way. */
  readonly publishing: string;
}

/** `<HOLDFAST_HOME, else ~/.holdfast>/planes/<plane_uid>`. A relative HOLDFAST_HOME counts from the working directory. */
export function keysDirectory(host: Pick<Host, "env" | "home" | "cwd">, plane_uid: string): string {
  return `${holdfastHome(host)}/planes/${plane_uid}`;
}

/** What lies there is no plane's: keys, heads and secrets of all of them. Absolute; need not exist. */
export function holdfastHome(host: Pick<Host, "env" | "home" | "cwd">): string {
  const named = host.env["HOLDFAST_HOME"];
  if (named === undefined || named === "") return `${host.home}/.holdfast`;
  return absolute(named, host.cwd);
}

export function keysPlaces(directory: string): KeysPlaces {
  return {
    directory,
    secrets: `${directory}/secrets.env`,
    roles: `${directory}/roles.json`,
    token_log: `${directory}/tokens.jsonl`,
    admin_token: `${directory}/admin.token`,
    heads: `${directory}/heads`,
    signing: `${directory}/signing`,
    pinned_keys: `${directory}/signing/trusted.json`,
    pinned_policy: `${directory}/signing/policy.sha256`,
    publishing: `${directory}/signing/publishing.sha256`,
  };
}

export function absolute(path: string, cwd: string): string {
  const full = path.startsWith("/") ? path : `${cwd}/${path}`;
  return full.length > 1 ? full.replace(/\/+$/, "") : full;
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/**
 * Refuses a place inside the plane, links resolved. The path need not exist yet.
 * @throws AUTH_KEYS_INSIDE_PLANE
 */
export function requireOutside(fs: Pick<FileSystem, "realPath">, path: string, plane_root: string): void {
  const real = realOf(fs, path);
  const root = realOf(fs, plane_root);
  if (real === root || real.startsWith(root === "/" ? "/" : `${root}/`)) {
    raise("AUTH_KEYS_INSIDE_PLANE", `${path} lies inside the plane ${plane_root}`, { path });
  }
}

/** Links resolved as far as the path exists; `..` in the rest too. */
function realOf(fs: Pick<FileSystem, "realPath">, path: string): string {
  let known = path;
  const rest: string[] = [];
  for (;;) {
    try {
      known = fs.realPath(known);
      break;
    } catch {
      if (known === "/" || known === "") break;
      rest.unshift(known.slice(known.lastIndexOf("/") + 1));
      known = parentOf(known);
    }
  }
  const parts = known.split("/").filter((part) => part !== "");
  for (const part of rest) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
