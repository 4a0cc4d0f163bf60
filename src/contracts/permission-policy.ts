/** One layer of `config/policy.toml` on what plugins may touch. A list that is left out limits nothing; an empty one allows nothing. */
import { z } from "zod";
import { PluginKind, Scope } from "./plugin.ts";

const Patterns = z
  .array(
    z
      .string()
      .min(1)
      .max(512)
      .regex(/^[^\0\\]+$/),
  )
  .max(1000)
  .optional();

export const PermissionRules = z.strictObject({
  /** Plane-relative globs. */
  files_read: Patterns,
  files_write: Patterns,
  files_execute: Patterns,
  /** Host names, or `*.` and one; a port may follow. */
  network: Patterns,
  /** Names of environment variables; `*` stands for any part. */
  environment: Patterns,
  tools: Patterns,
  subprocess: z.boolean().optional(),
  /** Most in one run. */
  tokens_max: z.int().nonnegative().optional(),
  cost_units_max: z.int().nonnegative().optional(),
  kinds: z.array(PluginKind).optional(),
  runtimes: z.array(z.enum(["python", "node"])).optional(),
  /** Whether scopes above the profile of a kind can be approved at all. */
  elevated: z.enum(["deny", "approve"]).optional(),
  /** Scopes that are denied whatever is allowed: all that overlaps one of them. */
  deny: z.array(Scope).max(1000).optional(),
});
export type PermissionRules = z.output<typeof PermissionRules>;

export const PermissionLayer = z.strictObject({ permissions: PermissionRules });
export type PermissionLayer = z.output<typeof PermissionLayer>;
