/** What a subject is held against. */
import type { Effects } from "../../effects/index.ts";
import { type Head, installedHeads } from "../../index-db/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { Runtime } from "../../preflight/index.ts";

export interface PreflightWorld {
  readonly effects: Effects;
  /** Absent on an author's machine or in CI. */
  readonly plane: Plane | undefined;
  /** Why there is no plane, for checks that need one. */
  readonly no_plane: string;
  /** Looked up only where a range asks; Python is found by running it. */
  readonly runtime: (needs_python: boolean) => Promise<Runtime>;
  /** What is installed in the plane, looked up once for all subjects. */
  readonly installed?: () => readonly Head[];
  /** sha256 the caller vouches for, in place of the registry's. */
  readonly digest?: string | undefined;
}

export const headsOf = ({
  effects,
  plane,
  installed,
}: PreflightWorld & { readonly plane: Plane }): readonly Head[] =>
  installed?.() ?? installedHeads(effects, plane.root);

/** A path as findings show it: relative to the working directory where it lies below, else as it is. */
export function shownPath({ fs, host }: Pick<Effects, "fs" | "host">, path: string): string {
  for (const cwd of [host.cwd, fs.realPath(host.cwd)]) {
    if (path === cwd) return ".";
    if (path.startsWith(`${cwd}/`)) return path.slice(cwd.length + 1);
  }
  return path;
}
