import type { Effects } from "../../effects/index.ts";
import type { ChangedManifests } from "./changed.ts";
import type { Fixed } from "./fix.ts";

export type { ChangedManifests } from "./changed.ts";
export type { Fixed } from "./fix.ts";
export { preflight } from "./preflight.ts";
export type { PreflightWorld } from "./world.ts";

/** Loaded only when asked for: most judgements mend nothing. See fix.ts. */
export async function fixSource(effects: Effects, subject: string, dry_run: boolean): Promise<Fixed> {
  return (await import("./fix.ts")).fixSource(effects, subject, dry_run);
}

/** See changed.ts. @throws CHANGES_UNKNOWN */
export async function changedManifests(
  effects: Effects,
  base: string,
  exclude?: readonly string[],
): Promise<ChangedManifests> {
  return (await import("./changed.ts")).changedManifests(effects, base, exclude);
}
