/**
 * Codes of actions. Hosts and callers already know them by these names, so they are the only ones in lower case; what is not
 * about one action is written as everywhere.
 * What a plugin itself said is quoted in `details` alone, cut and without secrets.
 */
import { type Details, defineFaults, kind } from "../kernel/index.ts";

type Plugin = { namespace: string };
type Action = Plugin & { action: string };
type Ran = Action & { run_id: string };

export const { catalogue: runtimeFaults, make } = defineFaults({
  plugin_not_found: kind<Plugin & { near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? `Run "pkg plugin list" to see what is known.`
      : `Try "pkg plugin inspect ${d.near[0]}".`,
  ),
  plugin_not_enabled: kind<Plugin & { state: string; reason: string; command: string }>(
    3,
    (d) => `Run "${d.command}".`,
  ),
  plugin_action_not_declared: kind<Action & { near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? `Run "pkg plugin inspect ${d.namespace}" to see what it can be asked.`
      : `Try "pkg run ${d.namespace} ${d.near[0]} --explain".`,
  ),
  plugin_permission_denied: kind<Action & { scope: string; why: string; command: string }>(
    3,
    (d) => `Run "${d.command}" to see who decides about ${d.scope}.`,
  ),
  plugin_entrypoint_missing: kind<Plugin & { path: string; problem: string }>(
    4,
    () => `Run "integrity-check" to see what is wrong and what puts it right.`,
  ),
  invalid_actor_kind: kind<{ actor_kind: string }>(
    2,
    () => `Use --actor-kind human, or --actor-kind agent with --actor-id NAME.`,
  ),
  plugin_action_not_found: kind<Ran>(
    1,
    (d) =>
      `Run "pkg logs ${d.namespace} --run ${d.run_id}"; the entrypoint does not know an action its manifest declares.`,
  ),
  plugin_action_timeout: kind<Ran & { timeout_ms: number; set_by: string }>(
    1,
    (d) =>
      `Run "pkg run ${d.namespace} ${d.action} --explain" to see who set the limit of ${d.timeout_ms} ms.`,
  ),
  plugin_input_too_large: kind<Action & { input_bytes_max: number; set_by: string }>(
    2,
    (d) => `Run "pkg run ${d.namespace} ${d.action} --explain" to see who set the limit, and send less.`,
  ),
  plugin_input_invalid: kind<Action & { pointer: string; problems: readonly string[] }>(
    2,
    (d) => `Correct ${d.pointer} of the input; "pkg plugin inspect ${d.namespace}" shows its schema.`,
  ),
  plugin_output_too_large: kind<Ran & { output_bytes_max: number; set_by: string }>(
    1,
    (d) => `Run "pkg run ${d.namespace} ${d.action} --explain" to see who set the limit, and ask for less.`,
  ),
  plugin_concurrency_limited: kind<Plugin & { concurrency_max: number; set_by: string }>(
    3,
    () => `Wait until a run of it ends and run the same command again.`,
  ),
  plugin_run_failed: kind<Details & Ran & { problem: string }>(
    1,
    (d) => `Run "pkg logs ${d.namespace} --run ${d.run_id}" for what it wrote.`,
  ),
  plugin_limit_invalid: kind<{ limit: string; value: string }>(
    2,
    (d) => `Give ${d.limit} a whole number from 1 on, or leave it away.`,
  ),
  plugin_limit_too_high: kind<Action & { limit: string; value: number; ceiling: number; set_by: string }>(
    3,
    (d) =>
      `Ask for ${d.ceiling} or less, or have the operator raise ${d.limit} under [run] in config/plane.toml.`,
  ),
  plugin_interpreter_missing: kind<{ runtime: string; problem: string }>(
    5,
    (d) => `Install ${d.runtime} outside the plane, then run the same command again.`,
  ),
  plugin_secret_missing: kind<Plugin & { key: string; problem: string }>(
    5,
    (d) => `Run "pkg configure ${d.namespace}" to see where each secret is looked for.`,
  ),
  BROKER_CONFIG_INVALID: kind<{ path: string; field: string; line?: number; column?: number }>(
    2,
    (d) => `Correct ${d.field} in ${d.path}, then run "pkg broker check".`,
  ),
  plugin_run_unknown: kind<{ run_id: string }>(1, () => `Run "pkg logs" to see which runs have a log.`),
});
