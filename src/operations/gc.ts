import { z } from "zod";
import { collectNow, markGood as mark } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";

export const gc = operation({
  name: "gc",
  summary:
    "Drop kept generations beyond the last three and those marked good, old downloads, environments nobody needs, and what killed commands left.",
  examples: ["pkg gc --dry-run", "pkg gc --keep 1"],
  authorised: true,
  input: z.strictObject({
    keep: z.coerce
      .number()
      .int()
      .min(0)
      .max(1000)
      .optional()
      .meta({ description: "Changes of packages to keep. Default: 3." }),
    dry_run: dryRun,
  }),
  run: async (context, { keep, dry_run }) => {
    const { token, wait_ms } = context;
    return { result: await collectNow(context.effects, planeOf(context), { token, wait_ms, keep, dry_run }) };
  },
  text: ({ dropped, kept, downloads, environments, temp_folders, dry_run }) => {
    const verb = dry_run ? "Would drop" : "Dropped";
    const bytes = dropped.reduce((sum, one) => sum + one.size_bytes, 0);
    return [
      ...dropped.map(
        (one) => `${verb} generation ${one.generation}: ${one.files} files, ${one.size_bytes} bytes`,
      ),
      `${verb} ${dropped.length} generation(s), ${bytes} bytes; ${kept.length} kept`,
      `${verb} ${downloads.files} download(s), ${downloads.size_bytes} bytes`,
      `${verb} ${environments.removed.length} environment(s); ${environments.kept.length} kept`,
      `${verb} ${temp_folders.removed.length} temporary folder(s) of killed commands`,
      "",
    ].join("\n");
  },
});

export const markGood = operation({
  name: "mark-good",
  summary: "Mark the state in force as good, so that the way back to it is kept.",
  examples: ['pkg mark-good --note "golden run passed"', "pkg mark-good --remove 12"],
  authorised: true,
  input: z.strictObject({
    note: z.string().max(500).default("").meta({ description: "Why it is good." }),
    remove: z.coerce
      .number()
      .int()
      .nonnegative()
      .optional()
      .meta({ description: "Take the mark of this generation back." }),
  }),
  run: async (context, { note, remove }) => {
    const { token, wait_ms } = context;
    return { result: await mark(context.effects, planeOf(context), { token, wait_ms, note, remove }) };
  },
  text: ({ good }) =>
    good.length === 0
      ? "No generation is marked good.\n"
      : `${good.map((one) => `Generation ${one.generation} is marked good by ${one.marked_by}: ${one.note}`).join("\n")}\n`,
});
