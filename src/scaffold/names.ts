/** Names of a new plugin, from its folder where none are given. */
import type { PluginKind } from "../contracts/index.ts";
import { raise } from "./faults.ts";
import type { NewPlugin } from "./named.ts";

export interface NewRequest {
  /** The folder, as the user named it. */
  readonly directory: string;
  readonly kind: PluginKind;
  readonly runtime: "python" | "node";
  readonly id?: string | undefined;
  readonly namespace?: string | undefined;
}

/** @throws NEW_NAME_UNUSABLE when the folder's name holds no letter or digit */
export function nameNew({ directory, kind, runtime, id, namespace }: NewRequest, folder: string): NewPlugin {
  const words = folder
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .join("-")
    .slice(0, 64)
    .replace(/-$/, "");
  if (words === "" && (id === undefined || namespace === undefined))
    raise("NEW_NAME_UNUSABLE", `${directory} gives no name for a plugin`, { path: directory });
  const plugin_namespace = namespace ?? words;
  return {
    package_id: id ?? `PKG-T3-${words.toUpperCase()}-001`,
    namespace: plugin_namespace,
    target: `modules/${words === "" ? plugin_namespace : words}`,
    kind,
    runtime,
  };
}
