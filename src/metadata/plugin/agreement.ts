/** Rules between the parts of a plugin section: what one names, another must hold. Pure. */
import { type Permissions, PLUGIN_CAPABILITIES } from "../../contracts/index.ts";
import type { Problem } from "../problems.ts";
import { LATER, memberOf, type Section } from "./section.ts";

/** Each capability with its section, each section with its capability. */
export function checkCapability({ raw, capability }: Section): Problem[] {
  const named = new Set(capability.map(({ value }) => value));
  const unbacked = capability.flatMap(({ index, value }): Problem[] => {
    const pointer = `/plugin/capability/${index}`;
    if (LATER.has(value))
      return [{ code: "PLUGIN_SECTION_LATER", message: `names ${value}, ${NOT_YET}`, pointer }];
    if (!isOffered(value) || isPresent(raw[value])) return [];
    const message = `names ${value}, but there is no ${value} in the plugin section`;
    return [{ code: "PLUGIN_CAPABILITY_UNBACKED", message, pointer, details: { section: value } }];
  });
  const undeclared = PLUGIN_CAPABILITIES.filter((name) => isPresent(raw[name]) && !named.has(name)).map(
    (section): Problem => ({
      code: "PLUGIN_SECTION_UNDECLARED",
      message: `is there, but capability does not name ${section}`,
      pointer: `/plugin/${section}`,
      of: "key",
      details: { section },
    }),
  );
  return [...unbacked, ...undeclared];
}

/** Sections of later versions, wherever they are written: nothing here would act on them. */
export function checkLater({ raw }: Section): Problem[] {
  return Object.keys(raw)
    .filter((key) => LATER.has(key))
    .map(
      (key): Problem => ({
        code: "PLUGIN_SECTION_LATER",
        message: `is ${NOT_YET}`,
        pointer: `/plugin/${key}`,
        of: "key",
      }),
    );
}

/** What an action needs stands, word for word, among what the plugin asks for. */
export function checkActionPermissions({ actions, permissions }: Section): Problem[] {
  if (permissions === undefined) return [];
  const declared = scopesOf(permissions);
  return actions.flatMap(({ index, value: { id, permissions: needed } }) =>
    needed.flatMap((scope, at): Problem[] =>
      declared.has(scope) || isWithinCeiling(scope, permissions)
        ? []
        : [
            {
              code: "PLUGIN_PERMISSION_UNDECLARED",
              message: `is needed by action ${id}, but permissions does not ask for it`,
              pointer: `/plugin/actions/${index}/permissions/${at}`,
              details: { permission: scope },
            },
          ],
    ),
  );
}

/** Other kinds promise to write nothing, or their own data alone. */
export function checkTurns({ raw, actions }: Section): Problem[] {
  if (raw["kind"] === "agent") return [];
  return actions.flatMap(({ index, value: { turn } }): Problem[] =>
    turn === undefined
      ? []
      : [
          {
            code: "PLUGIN_TURN_KIND",
            message: "is for plugins of the kind agent alone",
            pointer: `/plugin/actions/${index}/turn`,
            of: "key",
          },
        ],
  );
}

export function checkProbeActions({ raw, action_ids }: Section): Problem[] {
  const known = new Set(action_ids.map(({ value }) => value));
  const probes = Array.isArray(raw["probes"]) ? raw["probes"] : [];
  return probes.flatMap((probe, index): Problem[] => {
    const action = memberOf(probe, "action");
    if (typeof action !== "string" || known.has(action)) return [];
    const message = `names action ${action}, which is not among the actions`;
    return [{ code: "PLUGIN_ACTION_UNKNOWN", message, pointer: `/plugin/probes/${index}/action` }];
  });
}

const NOT_YET = "not known to this version";

const isOffered = (name: string): boolean => (PLUGIN_CAPABILITIES as readonly string[]).includes(name);

/** An empty list declares nothing. */
const isPresent = (section: unknown): boolean =>
  section !== undefined && !(Array.isArray(section) && section.length === 0);

function scopesOf({ files, network, environment, subprocess, tools }: Permissions): ReadonlySet<string> {
  const globs = (["read", "write", "execute"] as const).flatMap((verb) =>
    (files?.[verb] ?? []).map((glob) => `files.${verb}:${glob}`),
  );
  return new Set([
    ...globs,
    ...network.map((domain) => `network:${domain}`),
    ...environment.map((name) => `environment:${name}`),
    ...(subprocess ? ["subprocess"] : []),
    ...tools.map((name) => `tool:${name}`),
  ]);
}

/** An action may be content with fewer tokens or less cost than the plugin. */
function isWithinCeiling(scope: string, { tokens_max, cost_units_max }: Permissions): boolean {
  const [, unit, amount] = /^(tokens|cost):(\d{1,15})$/.exec(scope) ?? [];
  return Number(amount) <= ((unit === "tokens" ? tokens_max : cost_units_max) ?? -1);
}
