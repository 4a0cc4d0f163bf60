/** What nobody is refused for and readers, operators or later versions will miss. Pure. */
import semver from "semver";
import type { Finding, Manifest, PackedPlugin } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { again } from "../metadata/index.ts";
import { RUNTIMES } from "./requirements.ts";

type Subject = Pick<Manifest, "package_id" | "license" | "compat" | "dependencies" | "plugin" | "health">;

/** `judged` is what "pkg preflight" is told to judge again. Each with its JSON pointer; severity `note` where it will hurt, `info` where it is only missing. */
export function advise(manifest: Subject, judged?: string): Finding[] {
  const { package_id, license, plugin } = manifest;
  const say = teller(package_id, judged);
  return [
    ...(license === undefined
      ? [
          say(
            "ADVICE_LICENSE_MISSING",
            "info",
            "/",
            "names no licence",
            'Add a licence, for example license = "MIT".',
          ),
        ]
      : []),
    ...openRanges(manifest, say),
    ...(plugin === undefined ? [] : aboutPlugin(manifest, plugin, say)),
  ];
}

type Say = (
  code: string,
  severity: "note" | "info",
  field: string,
  what: string,
  next_step: string,
) => Finding;
const teller =
  (package_id: string, judged: string | undefined): Say =>
  (code, severity, field, what, next_step) => ({
    code,
    severity,
    message: `${package_id} ${what}`,
    // A sentence that names no command yet ends with the one that judges again.
    next_step: next_step.includes('"pkg ')
      ? next_step
      : next_step.replace(/\.$/, () => `, ${again({ judged })}`),
    field,
    package_id,
  });

function aboutPlugin({ package_id, compat, health }: Subject, plugin: PackedPlugin, say: Say): Finding[] {
  const found: Finding[] = [];
  if (plugin.description === undefined)
    found.push(
      say(
        "ADVICE_DESCRIPTION_MISSING",
        "info",
        "/plugin",
        "says nowhere what the plugin does",
        "Add plugin.description: one sentence for whoever is asked to enable it.",
      ),
    );
  if (compat.host === undefined)
    found.push(
      say(
        "ADVICE_HOST_RANGE_MISSING",
        "note",
        "/",
        "names no host range, so nothing stops it on a host it was never tried on",
        'Add compat.host, for example "^1.0.0".',
      ),
    );
  if (health === undefined && plugin.health === undefined)
    found.push(
      say(
        "ADVICE_HEALTH_MISSING",
        "info",
        "/plugin",
        "has no health check, so a broken install is noticed only in use",
        'Add plugin.health and "health" to plugin.capability.',
      ),
    );
  if (plugin.actions.length > 0 && plugin.probes.length === 0)
    found.push(
      say(
        "ADVICE_PROBE_MISSING",
        "note",
        "/plugin",
        "has actions and no probe that proves one of them",
        'Add an entry to plugin.probes and "probes" to plugin.capability.',
      ),
    );
  for (const [index, action] of plugin.actions.entries())
    if (action.examples.length === 0)
      found.push(
        say(
          "ADVICE_EXAMPLES_MISSING",
          "info",
          `/plugin/actions/${index}`,
          `shows no example of action ${action.id}`,
          `Add an example with input and output to action ${action.id}.`,
        ),
      );
  return [...found, ...wideGlobs(package_id, plugin, say), ...untidyLists(plugin, say)];
}

/** A glob whose first folder is a wildcard takes in what others put there tomorrow. */
function wideGlobs(package_id: string, { permissions, kind }: PackedPlugin, say: Say): Finding[] {
  // A gate reads everything by its profile.
  const verbs =
    kind === "quality_gate" ? (["write", "execute"] as const) : (["read", "write", "execute"] as const);
  return verbs.flatMap((verb) =>
    (permissions.files?.[verb] ?? []).flatMap((glob, index) =>
      glob.startsWith("*")
        ? [
            say(
              "ADVICE_GLOB_WIDE",
              "note",
              `/plugin/permissions/files/${verb}/${index}`,
              `asks to ${verb} ${glob}, which is any folder of the plane`,
              `Name the folder it needs, for example "data/${package_id.toLowerCase()}/**".`,
            ),
          ]
        : [],
    ),
  );
}

/** Lists whose order means nothing. A sorted list without repeats makes every later change one line. */
function untidyPointers(plugin: Pick<PackedPlugin, "capability" | "requires" | "permissions">): string[] {
  const { capability, requires, permissions } = plugin;
  const { files } = permissions;
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["/plugin/capability", capability],
    ["/plugin/requires", requires],
    ["/plugin/permissions/files/read", files?.read ?? []],
    ["/plugin/permissions/files/write", files?.write ?? []],
    ["/plugin/permissions/files/execute", files?.execute ?? []],
    ["/plugin/permissions/files/forbidden", files?.forbidden ?? []],
    ["/plugin/permissions/network", permissions.network],
    ["/plugin/permissions/environment", permissions.environment],
    ["/plugin/permissions/tools", permissions.tools],
  ];
  return lists.filter(([, list]) => !isTidy(list)).map(([pointer]) => pointer);
}

/** The same as problems with a mend. */
export const findUntidy = (plugin: Parameters<typeof untidyPointers>[0]) =>
  untidyPointers(plugin).map((field) => ({
    code: "ADVICE_LIST_UNTIDY",
    message: `${field} had repeated or unsorted entries`,
    details: { field },
  }));

const isTidy = (list: readonly string[]): boolean =>
  list.every((item, index) => index === 0 || compareCodePoints(list[index - 1] ?? "", item) < 0);

const untidyLists = (plugin: PackedPlugin, say: Say): Finding[] =>
  untidyPointers(plugin).map((pointer) =>
    say(
      "ADVICE_LIST_UNTIDY",
      "info",
      pointer,
      `has repeated or unsorted entries in ${pointer.slice(1).replaceAll("/", ".")}`,
      "Sort the list and drop what repeats, as --fix does.",
    ),
  );

function openRanges({ compat, dependencies }: Subject, say: Say): Finding[] {
  const ranges = [
    ...RUNTIMES.flatMap((name) => {
      const range = compat[name];
      return range === undefined ? [] : [[`/compat/${name}`, range] as const];
    }),
    ...dependencies.map(({ range }, index) => [`/dependencies/${index}/range`, range] as const),
  ];
  return ranges.flatMap(([pointer, range]) =>
    isOpen(range)
      ? [
          say(
            "ADVICE_RANGE_OPEN",
            "note",
            pointer,
            `accepts every later version with ${JSON.stringify(range)}`,
            `Close the range, for example "${closed(range)}".`,
          ),
        ]
      : [],
  );
}

/** Some way to satisfy it has no upper bound. */
function isOpen(range: string): boolean {
  if (semver.validRange(range) === null) return false;
  return (
    new semver.Range(range).set.some(
      (comparators) =>
        !comparators.some(({ operator }) => operator === "<" || operator === "<=" || operator === ""),
    ) || semver.validRange(range) === "*"
  );
}

function closed(range: string): string {
  const lowest = semver.minVersion(range);
  return lowest === null || lowest.version === "0.0.0" ? "^1.0.0" : `^${lowest.version}`;
}
