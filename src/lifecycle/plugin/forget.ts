/** Forget: the namespace of a plugin that is not installed is given up, with its approvals and configuration. */
import type { Effects } from "../../effects/index.ts";
import { EVENTS, makeGrantFault, pluginDirectory, requirePlugin } from "../../grants/index.ts";
import { digestOf, GOVERNANCE_STREAM, type Plane, writing } from "../../plane/index.ts";
import { transact } from "../transact.ts";
import { enterPlugin, type PluginRequest } from "./change-plugin.ts";

export interface ForgetResult {
  readonly namespace: string;
  readonly package_id: string;
  readonly transaction_id: string;
  readonly generation: number;
}

/** @throws PLUGIN_NOT_FOUND, PLUGIN_TRANSITION while it is installed, AUTH_*, TRANSACTION_FAILED */
export async function forgetPlugin(
  effects: Effects,
  plane: Plane,
  request: PluginRequest,
): Promise<ForgetResult> {
  const { plugin, actor } = await enterPlugin(effects, plane, request, "register");
  const { namespace } = plugin.record;
  const { user } = actor;
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user, ...waits }, async (session) => {
    const { record } = requirePlugin(effects, plane, namespace);
    const { package_id, version, state } = record;
    if (state !== "registered")
      throw makeGrantFault(
        "PLUGIN_TRANSITION",
        `${namespace} is ${state}, and what is installed is not forgotten`,
        {
          namespace,
          from: state,
          to: "unknown",
          command: `pkg plugin uninstall ${namespace}`,
        },
      );
    const about = { operation: "plugin_forget", subject: namespace, user };
    const { transaction_id, generation } = await transact<object>(
      effects,
      session,
      about,
      async (transaction) => {
        const folder = pluginDirectory(namespace);
        for (const { name, kind } of effects.fs.list(`${plane.root}/${folder}`))
          if (kind === "file")
            transaction.remove(`${folder}/${name}`, digestOf(effects.fs, `${plane.root}/${folder}/${name}`));
        transaction.removeDirectory(folder);
        const entry = {
          stream: GOVERNANCE_STREAM,
          event_type: EVENTS.uninstall,
          submission_id: namespace,
          decision: "FORGOTTEN",
          reason: `${package_id} ${version}: ${namespace} is given up`,
          metadata: {
            user,
            namespace,
            package_id,
            version,
            previous_state: state,
            state: null,
            reason: null,
            grant_digest: null,
            record_digest: null,
          },
        };
        return { registries: [], entries: [entry], result: {} };
      },
    );
    return { namespace, package_id, transaction_id, generation };
  });
}
