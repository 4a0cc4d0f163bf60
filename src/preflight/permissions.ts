/** Whether a plugin says why it needs each permission above its kind's profile, and nothing more. Pure. */
import type { PackedPlugin, Permissions, Scope } from "../contracts/index.ts";
import { aboveProfile, elevationGaps, inWords, profileOf, scopesOf } from "../grants/index.ts";
import type { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";

/** @param judged how a source was named, where one was: a mending command can name it */
export function checkElevations(package_id: string, plugin: PackedPlugin, judged?: string): Fault[] {
  const { kind, namespace, root, permissions, elevated } = plugin;
  const asked = scopesOf(permissions);
  const above = aboveProfile(kind, { namespace, root }, asked);
  const { unexplained, needless } = elevationGaps(above, elevated);
  const { title } = profileOf(kind);
  return [
    ...unexplained.map((permission) =>
      make(
        "ELEVATION_MISSING",
        `${package_id} asks for "${inWords(permission)}", which is above the profile of kind ${kind} (${title}), and plugin.elevated does not say why`,
        { package_id, field: pointerOfScope(permissions, permission), permission, plugin_kind: kind, judged },
      ),
    ),
    ...elevated.flatMap(({ permission }, index) => {
      if (!needless.includes(permission)) return [];
      const why = asked.includes(permission)
        ? `the profile of kind ${kind} allows without it`
        : `plugin.permissions does not ask for`;
      return [
        make(
          "ELEVATION_NEEDLESS",
          `${package_id} gives a reason for "${inWords(permission)}", which ${why}`,
          {
            package_id,
            field: `/plugin/elevated/${index}`,
            permission,
            judged,
          },
        ),
      ];
    }),
  ];
}

/** Where a plugin asks for what a policy judges: a scope, `kind:agent`, `runtime:python` or `elevated:SCOPE`. */
export function pointerOfAsked({ permissions, elevated }: PackedPlugin, asked: string): string {
  if (asked.startsWith("kind:")) return "/plugin/kind";
  if (asked.startsWith("runtime:")) return "/plugin/runtime";
  if (!asked.startsWith("elevated:")) return pointerOfScope(permissions, asked);
  const scope = asked.slice("elevated:".length);
  const index = elevated.findIndex(({ permission }) => permission === scope);
  return index < 0 ? pointerOfScope(permissions, scope) : `/plugin/elevated/${index}`;
}

/** Where in the manifest a permission is asked for. */
function pointerOfScope(permissions: Permissions, scope: Scope): string {
  const base = "/plugin/permissions";
  const colon = scope.indexOf(":");
  const kind = colon < 0 ? scope : scope.slice(0, colon);
  const value = scope.slice(colon + 1);
  const at = (list: readonly string[] | undefined, field: string): string =>
    `${base}/${field}/${Math.max(0, list?.indexOf(value) ?? 0)}`;
  const verb = /^files\.(read|write|execute|forbidden)$/.exec(kind)?.[1];
  if (verb !== undefined) return at(permissions.files?.[verb as "read"], `files/${verb}`);
  if (kind === "network") return at(permissions.network, "network");
  if (kind === "environment") return at(permissions.environment, "environment");
  if (kind === "tool") return at(permissions.tools, "tools");
  if (kind === "tokens") return `${base}/tokens_max`;
  if (kind === "cost") return `${base}/cost_units_max`;
  return `${base}/subprocess`;
}
