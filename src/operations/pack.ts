import { z } from "zod";
import { pack as packSource } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";

export const pack = operation({
  name: "pack",
  summary: "Pack a source folder into the store as a reproducible archive and register it.",
  examples: [
    "pkg pack --src modules/agent_runtime --id PKG-T1-RUNTIME-001",
    "pkg pack --src modules/example_agent --dry-run",
  ],
  authorised: true,
  input: z.strictObject({
    src: z.string().min(1).meta({ description: "Folder to pack." }),
    id: z
      .string()
      .optional()
      .meta({ description: "Package id; must equal the declared one where there is one." }),
    replace: z
      .boolean()
      .default(false)
      .meta({ description: "Replace other bytes under a version that was never installed." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => ({
    result: await packSource(context.effects, planeOf(context), {
      ...input,
      token: context.token,
      wait_ms: context.wait_ms,
      deflate_worker_url: context.files.deflate_worker_url,
    }),
  }),
  text: (result, { src }) =>
    [
      result.dry_run ? `Would pack ${src} -> ${result.latest}` : `Packed ${src} -> ${result.latest}`,
      `SHA256: ${result.digest}`,
      `  ${result.package_id} ${result.version}, ${result.files} files, ${result.size_bytes} bytes, kept as ${result.archive}`,
      result.dry_run ? "Nothing was changed." : `Updated registry for ${result.package_id}`,
      ...(result.changed ? [] : ["The store held exactly these bytes already."]),
      "",
    ].join("\n"),
});
