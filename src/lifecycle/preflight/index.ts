export type { ChangedManifests } from "./changed.ts";
export type { Fixed } from "./fix.ts";
export { preflight } from "./preflight.ts";
export type { PreflightWorld } from "./world.ts";

type Parts<F extends (...given: never[]) => unknown> = Parameters<F>;

/** Loaded only when asked for: most judgements mend nothing. See fix.ts. */
export async function fixSource(...given: Parts<typeof import("./fix.ts").fixSource>) {
  return (await import("./fix.ts")).fixSource(...given);
}

/** See changed.ts. @throws CHANGES_UNKNOWN */
export async function changedManifests(...given: Parts<typeof import("./changed.ts").changedManifests>) {
  return (await import("./changed.ts")).changedManifests(...given);
}
