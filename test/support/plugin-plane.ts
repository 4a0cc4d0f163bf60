/** A plane with a plugin, its people, and what the ledger says of it; driven through the library. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Effects } from "../../src/effects/index.ts";
import { issueToken } from "../../src/keys/index.ts";
import { enablePlugin } from "../../src/lifecycle/index.ts";
import { secretOf } from "../../src/plane/index.ts";
import { copyOfPlane, type LibraryPlane, libraryPlane } from "./library-plane.ts";
import { writeTree } from "./tree.ts";

export const NOTES = "PKG-T2-NOTES-001";

export interface PluginFields {
  readonly version?: string;
  readonly id?: string;
  readonly plugin?: Record<string, unknown>;
  readonly files?: Record<string, string>;
  readonly target?: string;
}

export interface PluginPlane extends LibraryPlane {
  /** Packs the plugin's source; each version needs another one. */
  packPlugin(fields?: PluginFields): Promise<void>;
  /** Enables with the digest of what a dry run shows. */
  enable(
    name?: string,
    more?: { token?: string; pin?: boolean; versions?: string },
  ): ReturnType<typeof enablePlugin>;
  tokenFor(user: string, role?: "admin" | "maintainer"): Promise<string>;
  /** Entries of the governance ledger whose type begins with `plugin.`. */
  events(): { event_type: string; submission_id: string; metadata: Record<string, unknown> }[];
  record(namespace?: string): Record<string, unknown>;
  /** The same plane at another time. */
  at(now_ms: number): Effects;
}

/** `folder`: as of `libraryPlane`. */
export const pluginPlane = async (folder?: string): Promise<PluginPlane> =>
  withPlugins(await libraryPlane(folder));
export const copyOf = (made: PluginPlane, folder?: string): PluginPlane =>
  withPlugins(copyOfPlane(made, folder));

function withPlugins(base: LibraryPlane): PluginPlane {
  const { root, effects, plane } = base;
  return {
    ...base,
    async packPlugin({
      version = "1.0.0",
      id = NOTES,
      plugin = {},
      files = {},
      target = "modules/notes",
    } = {}) {
      const name = `${id}-${version}`.toLowerCase();
      const section = {
        namespace: "notes",
        kind: "node",
        capability: ["actions"],
        runtime: "python",
        entrypoint: "main.py",
        actions: [{ id: "echo", title: "Echo", input: { type: "object" }, output: { type: "object" } }],
        permissions: { files: { read: ["data/notes/**"] } },
        ...plugin,
      };
      writeTree(root, {
        [`src/${name}/package.json`]: JSON.stringify({ holdfast: { id, version, target, plugin: section } }),
        [`src/${name}/main.py`]: "print('notes')\n",
        ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`src/${name}/${path}`, text])),
      });
      await base.pack(`src/${name}`);
    },
    async enable(name = "notes", { token = base.token, ...more } = {}) {
      const request = { name, token, pin: false, dry_run: false, ...more };
      const { shown_digest } = await enablePlugin(effects, plane, { ...request, dry_run: true });
      return enablePlugin(effects, plane, {
        ...request,
        ...(shown_digest === null ? {} : { yes: shown_digest }),
      });
    },
    tokenFor: async (user, role = "admin") => {
      const { plane_uid } = plane.config;
      const request = { plane_uid, user, role, lifetime_s: 300 * 86_400 };
      return (await issueToken(effects, secretOf(effects, plane), request)).token;
    },
    events: () =>
      readFileSync(join(root, "ledger/governance.jsonl"), "utf8")
        .split("\n")
        .filter((line) => line.includes('"plugin.'))
        .map((line) => JSON.parse(line)),
    record: (namespace = "notes") =>
      JSON.parse(readFileSync(join(root, `.holdfast/state/plugins/${namespace}/state.json`), "utf8")),
    at: (now_ms) => ({ ...effects, clock: { ...effects.clock, now_ms: () => now_ms } }),
  };
}
