import { z } from "zod";
import { Namespace, PackageId, PluginKind } from "../contracts/index.ts";
import { newPlugin } from "../scaffold/index.ts";
import { operation } from "./define.ts";
import { dryRun } from "./fields.ts";
import { sourceSchema } from "./source-schema.ts";

export const newOperation = operation({
  name: "new",
  summary: "Write a new plugin that passes preflight, packs and installs as it is.",
  examples: [
    "pkg new modules/greeter --kind node --runtime python",
    "pkg new modules/notes-agent --kind agent --runtime node --id PKG-T3-NOTES-001",
    "pkg new modules/gate --kind quality_gate --runtime python --dry-run",
  ],
  authorised: false,
  input: z.strictObject({
    directory: z
      .string()
      .min(1)
      .max(4096)
      .meta({ description: "Folder to make; nothing is overwritten.", positional: 0 }),
    kind: PluginKind.meta({ description: "What the plugin is; each kind has its own bounds." }),
    runtime: z.enum(["python", "node"]).meta({ description: "What runs it." }),
    id: PackageId.optional().meta({ description: "Package id; default: made of the folder's name." }),
    namespace: Namespace.optional().meta({ description: "How it is called; default: the folder's name." }),
    dry_run: dryRun,
  }),
  run: async ({ effects }, input) => ({ result: newPlugin(effects, input, sourceSchema()) }),
  text: ({ directory, files, dry_run, package_id, namespace }) =>
    [
      dry_run
        ? `Would write ${namespace} (${package_id}) to ${directory}:`
        : `Wrote ${namespace} (${package_id}) to ${directory}:`,
      ...files.map((path) => `  ${path}`),
      ...(dry_run ? ["Nothing was changed."] : ["", "Next:", `  pkg preflight ${directory}`]),
      "",
    ].join("\n"),
});
