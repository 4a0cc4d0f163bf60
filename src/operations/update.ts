import { z } from "zod";
import { HexDigest } from "../contracts/index.ts";
import { type InstallResult, install as installPackages } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { adviceText, describeChange, disabledText, timelineText } from "./describe-change.ts";
import { make } from "./faults.ts";
import { allIds, dryRun, planeTiers, versionRange, wheelFolder } from "./fields.ts";
import { healthOptions, installedIdsOf, runtimeOf, wheelOptions } from "./runtime.ts";

export const update = operation({
  name: "update",
  summary: "Replace installed packages by newer versions in one transaction, or leave everything as it was.",
  examples: [
    "pkg update PKG-T1-RUNTIME-001 --dry-run",
    "pkg update PKG-T1-RUNTIME-001 --to ^1.1.0",
    "pkg update --archive PKG-T1-RUNTIME-001-1.1.0.tar.gz --digest SHA256",
    "pkg update --all",
  ],
  authorised: true,
  input: z.strictObject({
    ids: z.array(z.string()).optional().meta({ description: "Package ids.", positional: 0 }),
    id: z.string().optional().meta({ description: "Package id." }),
    all: z.boolean().default(false).meta({ description: "Everything that is installed." }),
    to: versionRange("Version or semver range. Default: the newest that all dependents accept."),
    archive: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Archive file or URL to update to; it says itself which package it is." }),
    digest: HexDigest.optional().meta({
      description: "sha256 of --archive, vouched for by you instead of the registry.",
    }),
    from: z.string().min(1).optional().meta({ description: "Folder with further archives to choose from." }),
    wheels: wheelFolder,
    plane: planeTiers,
    allow_downgrade: z.boolean().default(false).meta({ description: "Also accept a lower version." }),
    accept_drift: z
      .boolean()
      .default(false)
      .meta({ description: "Go on although code was edited; copies are kept under .holdfast/state/kept." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const plane = planeOf(context);
    const named = allIds(input.ids, input.archive === undefined ? input.id : undefined, {
      command: "pkg update",
      token: context.token,
      versions: true,
    });
    const ids = input.all ? await installedIdsOf(context, plane) : named;
    const archive =
      input.archive === undefined ? [] : [{ archive: input.archive, id: input.id, digest: input.digest }];
    if (ids.length + archive.length === 0)
      throw make("INPUT_MISSING", "name a package id, --all or an --archive", {
        field: "ids",
        command: "pkg update",
      });
    const { token, wait_ms, onPhase } = context;
    const { to, from, plane: tiers, allow_downgrade, accept_drift, dry_run } = input;
    const result = await installPackages(context.effects, plane, {
      mode: "update",
      wanted: [...archive, ...ids.map((id) => ({ id }))],
      to,
      from,
      tiers,
      allow_downgrade,
      accept_drift,
      dry_run,
      token,
      wait_ms,
      onPhase,
      runtime: (needs_python) => runtimeOf(context, needs_python),
      health: healthOptions(context, plane),
      environments: wheelOptions(context, input.wheels),
    });
    return { result: { success: true, ...result } };
  },
  text: (result: InstallResult) =>
    [
      ...(result.packages.length === 0 ? ["Everything is up to date; nothing to do."] : []),
      ...result.packages.map((one) => describeChange(one, result.dry_run)),
      ...disabledText(result),
      ...adviceText(result),
      ...timelineText(result.timeline),
      "",
    ].join("\n"),
});
