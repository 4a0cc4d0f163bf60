/** Whether a plugin may run, and who says so. */
import { z } from "zod";
import {
  approvePlugin,
  disablePlugin,
  type EnableResult,
  enablePlugin,
  reviewPlugins,
} from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun, versionRange } from "./fields.ts";
import { changeText, pluginName } from "./plugin-words.ts";

export const pluginEnable = operation({
  name: "plugin enable",
  summary: "Show what a plugin asks for beyond what was granted, and grant exactly that.",
  examples: ["pkg plugin enable notes --dry-run", "pkg plugin enable notes --pin"],
  authorised: true,
  input: z.strictObject({
    name: pluginName,
    yes: z
      .string()
      .max(100)
      .optional()
      .meta({ description: "Digest of the words shown, which --dry-run prints: agrees to exactly those." }),
    pin: z
      .boolean()
      .default(false)
      .meta({ description: "Grant to these very bytes: an update disables the plugin." }),
    versions: versionRange("Versions the grant holds for. Default: the major version as it is."),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const { effects, token, wait_ms } = context;
    const result = await enablePlugin(effects, planeOf(context), { ...input, token, wait_ms });
    return { result, exit_code: result.missing?.exit_code ?? 0 };
  },
  text: (result: EnableResult) =>
    [
      ...(result.dry_run || result.changed ? result.shown.map((line) => `  ${line}\n`) : []),
      whatNow(result),
    ].join(""),
});

function whatNow(result: EnableResult): string {
  const { dry_run, command, missing } = result;
  if (missing !== null)
    return `Not yet: ${missing.message} [${missing.code}]\n  next:  ${missing.next_step}\n`;
  return dry_run && command !== null ? `To agree: ${command}\n` : changeText(result);
}

export const pluginDisable = operation({
  name: "plugin disable",
  summary: "Let nothing of a plugin run any more; its files and what was granted stay.",
  examples: ["pkg plugin disable notes", 'pkg plugin disable notes --reason "too many requests"'],
  authorised: true,
  input: z.strictObject({
    name: pluginName,
    reason: z.string().trim().min(1).max(1024).default("manual_disable").meta({ description: "Why." }),
  }),
  run: async (context, { name, reason }) => {
    const { effects, token, wait_ms } = context;
    return { result: await disablePlugin(effects, planeOf(context), { name, reason, token, wait_ms }) };
  },
  text: (result) => changeText(result),
});

export const pluginApprove = operation({
  name: "plugin approve",
  summary: "Stand for what a plugin may do above the profile of its kind, as a second person.",
  examples: [
    'pkg plugin approve notes --reason "runs git, reviewed in audit 12" --days 30',
    'pkg plugin approve notes --reason "until the next audit" --expires 2027-01-31',
  ],
  authorised: true,
  input: z.strictObject({
    name: pluginName,
    reason: z.string().trim().min(8).max(1024).meta({ description: "Why, in at least 8 characters." }),
    expires: z
      .union([z.iso.date(), z.iso.datetime({ offset: true })])
      .optional()
      .meta({ description: "Day or time it ends, such as 2027-01-31; within a year." }),
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(366)
      .optional()
      .meta({ description: "How many days it holds, in place of --expires." }),
  }),
  run: async (context, input) => {
    const { effects, token, wait_ms } = context;
    return { result: await approvePlugin(effects, planeOf(context), { ...input, token, wait_ms }) };
  },
  text: ({ approval, namespace }) =>
    [
      `SUCCESS: ${approval.approved_by} approves for ${namespace} until ${approval.expires_at}:`,
      ...approval.scopes.map((scope) => `  ${scope}`),
      "",
    ].join("\n"),
});

export const pluginReview = operation({
  name: "plugin review",
  summary: "Disable every plugin whose approval expired or whose approver may no longer approve.",
  examples: ["pkg plugin review", "pkg plugin review --json"],
  authorised: true,
  input: z.strictObject({}),
  run: async (context) => {
    const { effects, token, wait_ms } = context;
    return { result: await reviewPlugins(effects, planeOf(context), { token, wait_ms }) };
  },
  text: ({ reviewed, disabled }) =>
    [
      ...disabled.map(({ namespace, reason }) => `Disabled ${namespace} (${reason})`),
      `${reviewed} plugin(s) looked at, ${disabled.length} disabled`,
      "",
    ].join("\n"),
});
