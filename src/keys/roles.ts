import type { AuthAction, Role } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { readPrivateText } from "./private-file.ts";

/** User → role, for tokens that do not say it themselves. */
export type Roles = ReadonlyMap<string, Role>;

/** The one table of who may do what: the least role an action needs. Auditors are readers whose tokens say so. */
const LEAST_ROLE: Readonly<Record<AuthAction, "admin" | "maintainer" | "reader">> = {
  pack: "maintainer",
  install: "maintainer",
  uninstall: "maintainer",
  update: "maintainer",
  rollback: "admin",
  register: "maintainer",
  verify: "reader",
  checkpoint: "maintainer",
  ledger_append: "maintainer",
  review: "maintainer",
  auth_admin: "admin",
  recover: "admin",
  plugin_enable: "maintainer",
  plugin_disable: "maintainer",
  plugin_approve: "admin",
  configure: "maintainer",
  run: "maintainer",
};
const ROLE_NAMES: readonly string[] = ["admin", "maintainer", "auditor", "reader"] satisfies Role[];

export const isAction = (value: string): value is AuthAction => Object.hasOwn(LEAST_ROLE, value);

/** Anything the table does not say is refused. */
export function roleMay(role: Role, action: AuthAction): boolean {
  if (!isAction(action)) return false;
  const least = LEAST_ROLE[action];
  if (role === "admin") return true;
  if (role === "maintainer") return least !== "admin";
  return least === "reader";
}

/** A user nobody gave a role may only read. */
export const roleOf = (roles: Roles, user: string): Role => roles.get(user) ?? "reader";

export const isRole = (value: unknown): value is Role =>
  typeof value === "string" && ROLE_NAMES.includes(value);

/**
 * Reads `{"user": "role"}`. A missing file means that nobody has a role.
 * @throws AUTH_STATE_DAMAGED, AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE
 */
export function readRoles(fs: FileSystem, path: string): Roles {
  const text = readPrivateText(fs, path);
  return text === undefined ? new Map() : parseRoles(text, path);
}

function parseRoles(text: string, path: string): Roles {
  const damaged = (reason: string): never =>
    raise("AUTH_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged("it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return damaged("it is not an object");
  return new Map(
    Object.entries(value).map(([user, role]): [string, Role] =>
      isRole(role)
        ? [user, role]
        : damaged(`the role of ${JSON.stringify(user)} is not one of ${ROLE_NAMES.join(", ")}`),
    ),
  );
}
