/** What happened, or would happen, to one package; for people. */
import type { InstalledPackage, InstallResult } from "../lifecycle/index.ts";

const DONE = {
  installed: "Installed",
  updated: "Updated",
  reverted: "Rolled back",
  unchanged: "Left",
} as const;
const WOULD = { installed: "install", updated: "update", reverted: "roll back", unchanged: "leave" } as const;

/** One paragraph; under a dry run every path with what would be done to it. */
export function describeChange(one: InstalledPackage, dry_run: boolean): string {
  const where = one.plane_id === "ho3" ? "" : ` in ${one.plane_id}`;
  if (one.action === "unchanged")
    return `${one.package_id} ${one.version} is installed already${where}; nothing to do.`;
  const from = one.from_version === null ? "" : ` from ${one.from_version}`;
  const to = one.action === "reverted" ? ` to ${one.version}${from}` : ` ${one.version}${from}`;
  const name = one.action === "reverted" ? `${one.package_id}${to}` : `${one.package_id}${to}`;
  const head = dry_run ? `Would ${WOULD[one.action]} ${name}${where}` : `${DONE[one.action]} ${name}${where}`;
  const counts = [
    [one.created.length, "created"],
    [one.replaced.length, "replaced"],
    [one.adopted.length, "adopted as they lie"],
    [one.removed.length, "removed"],
  ] as const;
  const shown = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [
    head,
    `  ${shown.length === 0 ? "no file differs" : shown.join(", ")}`,
    ...(dry_run ? planLines(one) : []),
    ...one.kept_edited.map((path) => `  kept ${path} (you edited it)`),
    ...one.new_defaults.map((path) => `  new default in ${path}`),
    ...one.copies_kept.map((path) => `  copy kept of ${path} (it was edited)`),
  ].join("\n");
}

const planLines = (one: InstalledPackage): string[] => [
  ...one.created.map((path) => `  create  ${path}`),
  ...one.replaced.map((path) => `  replace ${path}`),
  ...one.adopted.map((path) => `  adopt   ${path}`),
  ...one.removed.map((path) => `  remove  ${path}`),
];

/** Plugins that may not run any more, for they ask for more than was granted. */
export const disabledText = ({ plugins, dry_run }: Pick<InstallResult, "plugins" | "dry_run">): string[] =>
  plugins
    .filter(({ state, previous_state }) => state === "disabled" && previous_state === "enabled")
    .flatMap(({ namespace, reason, expansions }) => [
      `${namespace} ${dry_run ? "would be" : "is"} disabled (${reason ?? ""}), as it asks for more than was granted:`,
      ...expansions.map((line) => `  ${line}`),
      ...(dry_run ? [] : [`  next: Run "pkg plugin enable ${namespace}" to grant it.`]),
    ]);

/** Under a dry run; nothing where there is none. */
export const adviceText = ({ advice, dry_run }: Pick<InstallResult, "advice" | "dry_run">): string[] =>
  dry_run
    ? advice.flatMap(({ message, code, next_step }) => [
        `advice: ${message} [${code}]`,
        `  next: ${next_step}`,
      ])
    : [];

/** `download 1 ms, verify 20 ms, …`; nothing where nothing ran. */
export function timelineText(timeline: readonly { phase: string; duration_ms: number }[]): string[] {
  if (timeline.length === 0) return [];
  const phases = timeline
    .filter(({ phase }) => phase !== "commit")
    .map(({ phase, duration_ms }) => `${phase} ${duration_ms} ms`);
  return [`Phases: ${phases.join(", ")}`];
}
