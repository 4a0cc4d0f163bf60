/** The configuration a run gets: resolved at the last moment, for this run alone. */
import type { Effects } from "../effects/index.ts";
import type { Plugin } from "../grants/index.ts";
import type { Plane } from "../plane/index.ts";

export interface ConfigValues {
  /** With secrets. Goes to the process and nowhere else. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
}

export function configFor(
  _effects: Pick<Effects, "fs" | "host">,
  _plane: Plane,
  plugin: Plugin,
): ConfigValues {
  return { value: plugin.manifest.plugin?.config?.defaults ?? {}, secrets: [] };
}
