import { z } from "zod";
import { CellText, FrameworkId, PACKAGE_STATUSES, SpecId } from "../contracts/index.ts";
import {
  type RegisterResult,
  register as registerSubject,
  unregister as unregisterSubject,
} from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";

const subject = z
  .string()
  .min(1)
  .meta({ description: "PKG-…, SPEC-…, FMWK-… or artifact id.", positional: 0 });

export const register = operation({
  name: "register",
  summary: "Set a package's row in the control plane, or register a spec or framework.",
  examples: [
    "pkg register PKG-T1-RUNTIME-001 --spec SPEC-RUNTIME-001 --tier T1 --status active",
    "pkg register SPEC-RUNTIME-001",
    'pkg register FMWK-200 --title "House rules"',
  ],
  authorised: true,
  input: z.strictObject({
    id: subject,
    spec: SpecId.optional().meta({ description: "Spec the package implements (source_spec_id)." }),
    tier: z.enum(["G0", "T0", "T1", "T2", "T3"]).optional().meta({ description: "Package tier." }),
    status: z
      .enum(PACKAGE_STATUSES)
      .optional()
      .meta({ description: "Status, such as draft, active, deprecated or yanked." }),
    title: CellText.optional().meta({ description: "Title of a spec or framework, name of a package." }),
    framework: FrameworkId.optional().meta({ description: "Framework a spec complies with." }),
    path: CellText.optional().meta({ description: "File of the plane an artifact id stands for." }),
    owner: CellText.optional().meta({ description: "Who answers for the package." }),
    dry_run: dryRun,
  }),
  run: async (context, { id, dry_run, ...given }) => ({
    result: await registerSubject(context.effects, planeOf(context), {
      id,
      dry_run,
      token: context.token,
      wait_ms: context.wait_ms,
      cells: cellsFor(id, given),
    }),
  }),
  text: (result) =>
    !result.changed
      ? `${result.id} stands in ${result.registry} exactly so; nothing to do.\n`
      : `${result.dry_run ? "Would register" : "Registered"} ${result.id} in ${result.registry}\n`,
});

export const unregister = operation({
  name: "unregister",
  summary: "Remove a row from the control plane's registries; refused while the package is installed.",
  examples: ["pkg unregister PKG-T1-RUNTIME-001"],
  authorised: true,
  input: z.strictObject({ id: subject, dry_run: dryRun }),
  run: async (context, { id, dry_run }) => ({
    result: await unregisterSubject(context.effects, planeOf(context), {
      id,
      dry_run,
      token: context.token,
      wait_ms: context.wait_ms,
    }),
  }),
  text: (result: RegisterResult) =>
    !result.changed
      ? `${result.id} does not stand in ${result.registry}; nothing to do.\n`
      : `${result.dry_run ? "Would remove" : "Removed"} ${result.id} from ${result.registry}\n`,
});

function cellsFor(id: string, given: Record<string, string | undefined>): Record<string, string> {
  const package_columns = {
    spec: "source_spec_id",
    tier: "tier",
    status: "status",
    title: "name",
    owner: "owner",
  };
  const other_columns = { status: "status", title: "title", framework: "framework_id" };
  const artifact_columns = {
    spec: "source_spec_id",
    status: "status",
    title: "name",
    owner: "owner",
    path: "artifact_path",
  };
  const columns: Record<string, string> = id.startsWith("PKG-")
    ? package_columns
    : /^(SPEC|FMWK)-/.test(id)
      ? other_columns
      : artifact_columns;
  return Object.fromEntries(
    Object.entries(columns).flatMap(([flag, column]) =>
      given[flag] === undefined ? [] : [[column, given[flag]]],
    ),
  );
}
