import { z } from "zod";
import { PackageId, PackageTier } from "./atoms.ts";

export const ROLES = ["admin", "maintainer", "auditor", "reader"] as const;
export const Role = z.enum(ROLES);
export type Role = z.output<typeof Role>;

/** Every permission an operation can ask for. Reading needs no token. */
export const AUTH_ACTIONS = [
  "pack",
  "install",
  "uninstall",
  "update",
  "rollback",
  "register",
  "verify",
  "checkpoint",
  "ledger_append",
  "review",
  "auth_admin",
  "recover",
  "plugin_enable",
  "plugin_disable",
  "plugin_approve",
  "configure",
  "run",
] as const;
export const AuthAction = z.enum(AUTH_ACTIONS);
export type AuthAction = z.output<typeof AuthAction>;

const UserName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "letters, digits and . _ @ -, at most 64");

/** The signed part of a token. A narrowed list that is absent does not narrow. */
export const TokenClaims = z.strictObject({
  token_id: z.string().regex(/^[0-9a-f]{16}$/),
  user: UserName,
  role: Role,
  plane_uid: z.string().regex(/^[0-9a-f]{32}$/),
  issued_at_s: z.int(),
  expires_at_s: z.int(),
  actions: z.array(AuthAction).optional(),
  tiers: z.array(PackageTier).optional(),
  packages: z.array(PackageId).optional(),
});
export type TokenClaims = z.output<typeof TokenClaims>;

/** Who acts, once a token was accepted. Never holds the token. */
export interface Principal {
  readonly user: string;
  readonly role: Role;
  /** Absent for `user:HMAC` tokens. */
  readonly token_id?: string;
  readonly expires_at_s?: number;
  /** Told only to a request that asks who it is; absent when the token reaches as far as its role. */
  readonly narrowing?: {
    readonly actions?: readonly AuthAction[];
    readonly tiers?: readonly PackageTier[];
    readonly packages?: readonly string[];
  };
}
