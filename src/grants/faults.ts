import { type Details, defineFaults, kind } from "../kernel/index.ts";

type Plugin = { namespace: string };

export const { catalogue: grantFaults, make } = defineFaults({
  PLUGIN_NOT_FOUND: kind<Plugin & { near: readonly string[] }>(1, (d) =>
    d.near.length === 0
      ? `Run "pkg plugin list" to see what is known.`
      : `Try "pkg plugin inspect ${d.near[0]}".`,
  ),
  PLUGIN_NOT_ENABLED: kind<Plugin & { state: string; reason: string }>(3, (d) =>
    d.state === "registered"
      ? `Run "pkg plugin install ${d.namespace}", then "pkg plugin enable ${d.namespace}".`
      : d.reason.startsWith("appro")
        ? `Have a second person run "pkg plugin approve ${d.namespace} --reason 'WHY YOU ALLOW IT' --days 30", then run "pkg plugin enable ${d.namespace}".`
        : `Run "pkg plugin enable ${d.namespace}".`,
  ),
  PLUGIN_TRANSITION: kind<Plugin & { from: string; to: string; command: string }>(
    3,
    (d) => `Run "${d.command}".`,
  ),
  PLUGIN_RECORD_DAMAGED: kind<Plugin & { path: string; problem: string; cure: string }>(
    4,
    (d) => `Run "${d.cure}": what it may do is then asked for anew.`,
  ),
  PLUGIN_NAMESPACE_TAKEN: kind<Plugin & { package_id: string; owner: string; field: string }>(
    3,
    (d) =>
      `Choose another namespace for ${d.package_id}, or give this one up with "pkg plugin uninstall ${d.namespace} --forget".`,
  ),
  PLUGIN_ROOT_UNTRUSTED: kind<Plugin & { path: string; roots: readonly string[]; field: string }>(
    3,
    (d) =>
      `Set target to a folder in ${d.roots.join(" or ")}, then run "pkg pack --src DIR", or let the operator add the folder to plugin_roots in config/plane.toml.`,
  ),
  PLUGIN_ENTRYPOINT_OUTSIDE: kind<Plugin & { path: string; root: string; field: string }>(
    3,
    (d) => `Name a file within ${d.root} as entrypoint, then run "pkg pack --src DIR".`,
  ),
  PLUGIN_FILE_REFUSED: kind<Plugin & { path: string; problem: string }>(
    3,
    (d) =>
      `Run "trace --explain ${d.path}" to see whose it is, and "integrity-check --fix" to put back what was installed.`,
  ),
  PLUGIN_OPEN_UNSUPPORTED: kind<{ path: string; problem: string }>(
    5,
    () => `Run the command on Linux with /proc mounted.`,
  ),
  PLUGIN_CONSENT_NEEDED: kind<Plugin & { shown: readonly string[]; digest: string; command: string }>(
    3,
    (d) => `Read the lines above, then run "${d.command}".`,
  ),
  PLUGIN_CONSENT_STALE: kind<
    Plugin & { shown: readonly string[]; digest: string; given: string; command: string }
  >(3, (d) => `Read the lines above, which are other than those agreed to, then run "${d.command}".`),
  PLUGIN_APPROVAL_MISSING: kind<Plugin & { scopes: readonly string[]; why: string }>(
    3,
    (d) =>
      `Have a second person run "pkg plugin approve ${d.namespace} --reason 'WHY YOU ALLOW IT' --days 30" with a token of their own.`,
  ),
  PLUGIN_APPROVAL_SELF: kind<Plugin & { user: string }>(
    3,
    (d) => `Have another person than ${d.user} do it: "pkg auth list" shows who has a token.`,
  ),
  PLUGIN_APPROVAL_NEEDLESS: kind<Plugin>(
    3,
    (d) => `Run "pkg plugin enable ${d.namespace}": it asks for nothing above the profile of its kind.`,
  ),
  PLUGIN_APPROVAL_DATE: kind<Plugin & { value: string }>(
    2,
    (d) =>
      `Name a day within a year: "pkg plugin approve ${d.namespace} --reason 'WHY YOU ALLOW IT' --days 30".`,
  ),
  PLUGIN_POLICY_DENIED: kind<
    Details & Plugin & { package_id: string; scope: string; rule: string; line: number }
  >(
    3,
    (d) =>
      `Run "pkg policy why ${d.package_id}" to see every rule; line ${d.line} of config/policy.toml decided.`,
  ),
  PLUGIN_CONFIG_NONE: kind<Plugin>(3, (d) => `Run "pkg plugin inspect ${d.namespace}" to see what it has.`),
  PLUGIN_CONFIG_INVALID: kind<Plugin & { field: string; problems: readonly string[] }>(
    2,
    (d) => `Run "pkg configure ${d.namespace} --show" to see what stands and what is asked for.`,
  ),
  PLUGIN_CONFIG_WORD: kind<Plugin & { word: string }>(
    2,
    (d) => `Write KEY=VALUE, for example "pkg configure ${d.namespace} key=8"; "--unset KEY" takes one away.`,
  ),
  PLUGIN_CONFIG_FILE: kind<Plugin & { path: string; problem: string }>(
    2,
    (d) =>
      `Name a JSON or TOML file that holds one object: "pkg configure ${d.namespace} --file config.json".`,
  ),
  PLUGIN_CONFIG_VERSION: kind<Plugin & { version: number; kept: readonly number[] }>(
    1,
    (d) => `Run "pkg configure ${d.namespace} --show" to see which versions are kept.`,
  ),
  PLUGIN_SECRET_INLINE: kind<Plugin & { field: string; key: string }>(
    2,
    (d) =>
      `Name where it is: "pkg configure ${d.namespace} ${d.key}=env:NAME", or ${d.key}=file:/absolute/path outside the plane.`,
  ),
  POLICY_LOOSENED: kind<{ path: string; field: string; line: number; upper_line: number; value: string }>(
    4,
    (d) =>
      `Take ${d.value} out of line ${d.line} of ${d.path} or allow it in line ${d.upper_line}, then run "pkg policy check".`,
  ),
});
