import { z } from "zod";
import { type RollbackResult, rollback as rollbackPackages, undo as undoLast } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { describeChange, timelineText } from "./describe-change.ts";
import { make } from "./faults.ts";
import { allIds, dryRun, planeTiers, versionRange } from "./fields.ts";

const acceptDrift = z
  .boolean()
  .default(false)
  .meta({ description: "Go on although code was edited; copies are kept under .holdfast/state/kept." });

export const rollback = operation({
  name: "rollback",
  summary: "Put an earlier version of a package back from the plane itself, without store or network.",
  examples: [
    "pkg rollback PKG-T1-RUNTIME-001",
    "pkg rollback PKG-T1-RUNTIME-001 --to 1.0.0 --dry-run",
    "pkg rollback PKG-T1-RUNTIME-001 --generation 4",
  ],
  authorised: true,
  input: z.strictObject({
    ids: z.array(z.string()).optional().meta({ description: "Package ids.", positional: 0 }),
    id: z.string().optional().meta({ description: "Package id." }),
    to: versionRange("Version or semver range to go back to."),
    generation: z.coerce
      .number()
      .int()
      .nonnegative()
      .optional()
      .meta({ description: "Go back to what the package was in this generation of the plane." }),
    plane: planeTiers,
    accept_drift: acceptDrift,
    dry_run: dryRun,
  }),
  run: async (context, { ids: words, id, plane: tiers, ...input }) => {
    const command = "pkg rollback";
    const ids = allIds(words, id, { command, token: context.token });
    if (ids.length === 0) throw make("INPUT_MISSING", "name a package id", { field: "id", command });
    if (input.to !== undefined && input.generation !== undefined)
      throw make("INPUT_MISSING", "name either --to or --generation", { field: "to", command });
    const { token, wait_ms, onPhase } = context;
    const request = { ids, tiers, token, wait_ms, onPhase, ...input };
    return {
      result: { success: true, ...(await rollbackPackages(context.effects, planeOf(context), request)) },
    };
  },
  text,
});

export const undo = operation({
  name: "undo",
  summary: "Take the last change of the plane back as a whole, whatever it was; again to take that back.",
  examples: ["pkg undo --dry-run", "pkg undo"],
  authorised: true,
  input: z.strictObject({ accept_drift: acceptDrift, dry_run: dryRun }),
  run: async (context, input) => {
    const { token, wait_ms, onPhase } = context;
    const request = { token, wait_ms, onPhase, ...input };
    return { result: { success: true, ...(await undoLast(context.effects, planeOf(context), request)) } };
  },
  text: (result) => {
    const { undone, files, dry_run } = result;
    const by = `${undone.user}, ${undone.committed_at}`;
    const what = `${undone.operation} ${undone.subject} of generation ${undone.generation} (${by})`;
    const head = `${dry_run ? "Would take back" : "Took back"} ${what}`;
    if (result.packages.length + result.uninstalled.length > 0) return `${head}\n${text(result)}`;
    const lines = files.map(({ path, action }) => `  ${action} ${path}`);
    return [head, ...lines, ...timelineText(result.timeline), ""].join("\n");
  },
});

function text(result: RollbackResult): string {
  if (result.packages.length + result.uninstalled.length === 0)
    return "Already in that state; nothing to do.\n";
  const verb = result.dry_run ? "Would remove" : "Removed";
  const removed = result.uninstalled.flatMap((one) => [
    `${verb} ${one.package_id} ${one.version}, which was not there before`,
    ...(result.dry_run ? one.removed.map((path) => `  remove ${path}`) : []),
    ...one.kept.map((path) => `  kept ${path} (you edited it)`),
  ]);
  const verified =
    result.dry_run || result.packages.length === 0
      ? []
      : [`${result.verified_paths} file(s) hold exactly the bytes and modes they had.`];
  return [
    ...result.packages.map((one) => describeChange(one, result.dry_run)),
    ...removed,
    ...verified,
    ...timelineText(result.timeline),
    "",
  ].join("\n");
}
