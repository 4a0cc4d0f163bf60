import type { PluginKind } from "../contracts/index.ts";

export interface NewPlugin {
  readonly package_id: string;
  readonly namespace: string;
  /** Plane-relative folder the plugin is installed to. */
  readonly target: string;
  readonly kind: PluginKind;
  readonly runtime: "python" | "node";
}
