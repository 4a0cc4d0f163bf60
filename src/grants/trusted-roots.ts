/** Where plugins may lie: in folders the operator names in `config/plane.toml`, and each within its own. Pure. */
import { checkEntryPath } from "../archive/index.ts";
import type { Manifest } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";
import { plainText } from "./scopes.ts";

/** Empty for a package that is no plugin. */
export function checkPluginPlace({ config }: Plane, { plugin, package_id, assets }: Manifest): Fault[] {
  if (plugin === undefined) return [];
  const { namespace, root, entrypoint } = plugin;
  const roots = config.plugin_roots;
  const problems: Fault[] = [];
  if (checkEntryPath(root) !== undefined || !roots.some((one) => isBelow(root, one)))
    problems.push(
      make(
        "PLUGIN_ROOT_UNTRUSTED",
        `${package_id} keeps its plugin in ${plainText(root)}, which lies in none of ${roots.join(", ")}`,
        { namespace, path: root, roots, field: "/plugin/root" },
      ),
    );
  if (entrypoint === undefined) return problems;
  const path = `${root}/${entrypoint}`;
  if (checkEntryPath(path) !== undefined || !assets.some((asset) => asset.path === path))
    problems.push(
      make(
        "PLUGIN_ENTRYPOINT_OUTSIDE",
        `the entrypoint ${plainText(entrypoint)} of ${package_id} is no file of its own in ${plainText(root)}`,
        { namespace, path, root, field: "/plugin/entrypoint" },
      ),
    );
  return problems;
}

/** Of two normal plane-relative paths; a folder is not below itself: then every plugin in it would be the same one's. */
const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);
