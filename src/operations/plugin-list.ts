/** What is known of plugins; reads only. */
import { z } from "zod";
import {
  aboveProfile,
  differenceOf,
  findPlugin,
  inWords,
  type Judges,
  judgesOf,
  lapseOf,
  type Plugin,
  plainText,
  profileOf,
  readPlugins,
  standingOf,
} from "../grants/index.ts";
import { reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { pluginName } from "./plugin-words.ts";

interface Listed {
  readonly namespace: string;
  readonly package_id: string;
  readonly version: string;
  readonly kind: string;
  /** One sentence on what a plugin of this kind may touch. */
  readonly profile: string;
  readonly state: string;
  /** `disabled` as soon as an approval ended, whoever wrote that down or not. */
  readonly effective_state: string;
  readonly reason: string | null;
}

const listed = (plugin: Plugin, effective: { state: string; reason?: string }): Listed => {
  const { record, asked } = plugin;
  const { namespace, package_id, version, state, reason } = record;
  const { kind } = asked;
  const { title } = profileOf(kind);
  const why = effective.reason ?? reason ?? null;
  return {
    namespace,
    package_id,
    version,
    kind,
    profile: title,
    state,
    effective_state: effective.state,
    reason: why,
  };
};

export const pluginList = operation({
  name: "plugin list",
  summary: "List plugins with state, effective state, kind and profile.",
  examples: ["pkg plugin list", "pkg plugin list --state enabled --json"],
  authorised: false,
  input: z.strictObject({
    state: z
      .enum(["registered", "installed", "enabled", "disabled"])
      .optional()
      .meta({ description: "Only those whose effective state this is." }),
  }),
  run: async (context, { state }) => {
    const { effects } = context;
    const plane = planeOf(context);
    const plugins = await reading(effects, plane, async () =>
      readPlugins(effects, plane).map((plugin) => listed(plugin, standingOf(effects, plane, plugin))),
    );
    return {
      result: { plugins: plugins.filter((one) => state === undefined || one.effective_state === state) },
    };
  },
  text: ({ plugins }) =>
    plugins.length === 0
      ? "No plugin is known.\n"
      : plugins
          .map(({ namespace, version, kind, effective_state, state, reason }) => {
            const was = effective_state === state ? "" : `, recorded as ${state}`;
            const why = reason === null ? "" : ` (${plainText(reason)})`;
            return `${namespace} ${version}  ${kind}  ${effective_state}${why}${was}\n`;
          })
          .join(""),
});

function inspected(plugin: Plugin, effective: { state: string; reason?: string }, judges: Judges) {
  const { record, asked, record_digest } = plugin;
  const { seal: _, ...shown } = record;
  const above = aboveProfile(asked.kind, asked, asked.scopes);
  const difference = differenceOf(record.grant, asked, record.archive_hash);
  return {
    ...listed(plugin, effective),
    record: shown,
    record_digest,
    asked: {
      scopes: asked.scopes,
      above_profile: above,
      elevated: asked.elevated,
      entrypoint: asked.entrypoint,
      runtime: asked.runtime,
      capability: asked.capability,
    },
    not_granted: difference.expansions,
    approvals: record.approvals.map((approval) => ({
      ...approval,
      in_force: lapseOf(approval, judges) === undefined,
      lapse: lapseOf(approval, judges) ?? null,
    })),
  };
}

export const pluginInspect = operation({
  name: "plugin inspect",
  summary: "Show everything known of one plugin: state, what it asks for, what was granted and approved.",
  examples: ["pkg plugin inspect notes", "pkg plugin inspect PKG-T2-NOTES-001 --json"],
  authorised: false,
  input: z.strictObject({ name: pluginName }),
  run: async (context, { name }) => {
    const { effects } = context;
    const plane = planeOf(context);
    const result = await reading(effects, plane, async () => {
      const plugin = findPlugin(effects, plane, name);
      return inspected(plugin, standingOf(effects, plane, plugin), judgesOf(effects, plane));
    });
    return { result };
  },
  text: (one) => {
    const { grant } = one.record;
    return [
      `${one.namespace} ${one.version} (${one.package_id}), ${one.kind}: ${one.profile}`,
      `State: ${one.effective_state}${one.reason === null ? "" : ` (${plainText(one.reason)})`}${one.effective_state === one.state ? "" : `, recorded as ${one.state}`}`,
      `Entrypoint: ${plainText(one.asked.entrypoint)} (${one.asked.runtime})`,
      ...one.asked.scopes.map((scope) => `  asks for ${inWords(scope)}`),
      ...one.asked.above_profile.map((scope) => `  above the profile: ${inWords(scope)}`),
      grant === null
        ? "Granted: nothing"
        : `Granted by ${grant.granted_by} at ${grant.granted_at} for ${grant.version_range}${grant.archive_hash === null ? "" : `, pinned to ${grant.archive_hash}`}`,
      ...one.not_granted.map((line) => `  not granted: ${line}`),
      ...one.approvals.map(
        ({ approved_by, expires_at, reason, lapse }) =>
          `Approved by ${approved_by} until ${expires_at}${lapse === null ? "" : ` (${lapse})`}: ${plainText(reason)}`,
      ),
      "",
    ].join("\n");
  },
});
