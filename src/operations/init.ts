import { z } from "zod";
import type { Effects } from "../effects/index.ts";
import { type ImportResult, type InitResult, importPlane, initPlane } from "../lifecycle/index.ts";
import { operation } from "./define.ts";
import { dryRun } from "./fields.ts";
import { importText } from "./import-text.ts";
import { runtimeOf } from "./runtime.ts";
import { readTemplates } from "./templates.ts";

export const init = operation({
  name: "init",
  summary: "Make a plane: registries, ledgers, configuration, launchers, and keys outside it.",
  examples: ["pkg init my-plane", "pkg init . --name staging", "pkg init new-plane --import old-plane"],
  authorised: false,
  input: z.strictObject({
    directory: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Folder to turn into a plane; default: --root, else here.", positional: 0 }),
    name: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: "Name of the plane; default: the folder's." }),
    import: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Root of a Python control plane to bring in whole; it is only read." }),
    strict: z
      .boolean()
      .default(false)
      .meta({ description: "With --import: exit with 1 when something did not come in as it should." }),
    dry_run: dryRun,
  }),
  run: async (context, { import: source, strict, ...input }) => {
    const { effects, files, root } = context;
    const request = {
      ...input,
      directory: input.directory ?? root ?? ".",
      templates: planeTemplates(effects, files.package_directory),
      launcher: { node: files.node, script: files.launcher_script },
    };
    if (source === undefined) {
      const result: InitResult & Partial<ImportResult> = await initPlane(effects, request);
      return { result };
    }
    const runtime = await runtimeOf(context, false);
    const { deflate_worker_url } = files;
    const result: InitResult & Partial<ImportResult> = await importPlane(effects, {
      ...request,
      source,
      runtime,
      deflate_worker_url,
    });
    const is_broken = result.imported?.findings.some(({ severity }) => severity === "error") === true;
    return { result, exit_code: strict && is_broken ? 1 : 0 };
  },
  text: (result) =>
    (result.imported === undefined ? "" : importText(result.imported, result.dry_run)) +
    (result.dry_run
      ? ["Would create:", ...result.created.map((path) => `  ${path}`), ""].join("\n")
      : [
          `Plane ${result.name} is ready in ${result.root}`,
          `  created ${result.created.length} files, kept ${result.kept.length}`,
          `  keys and heads: ${result.keys_directory}`,
          `  admin token:    ${result.token_file} (valid 90 days, readable by you only)`,
          "",
          "Next:",
          ...result.next_steps.map((step) => `  ${step}`),
          "",
        ].join("\n")),
});

/** Launchers for `scripts/` and the framework documents every plane starts with. */
function planeTemplates(effects: Effects, package_directory: string): Map<string, Buffer> {
  const frameworks = [...readTemplates(effects, `${package_directory}/frameworks`)].map(
    ([path, bytes]): [string, Buffer] => [`frameworks/${path}`, bytes],
  );
  return new Map([...readTemplates(effects, `${package_directory}/templates`), ...frameworks]);
}
