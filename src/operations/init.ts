import { z } from "zod";
import type { Effects } from "../effects/index.ts";
import { initPlane } from "../lifecycle/index.ts";
import { operation } from "./define.ts";
import { dryRun } from "./fields.ts";

export const init = operation({
  name: "init",
  summary: "Make a plane: registries, ledgers, configuration, launchers, and keys outside it.",
  examples: ["pkg init my-plane", "pkg init . --name staging"],
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
    dry_run: dryRun,
  }),
  run: async ({ effects, files, root }, input) => ({
    result: await initPlane(effects, {
      ...input,
      directory: input.directory ?? root ?? ".",
      templates: planeTemplates(effects, files.package_directory),
      launcher: { node: files.node, script: files.launcher_script },
    }),
  }),
  text: (result) =>
    result.dry_run
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
        ].join("\n"),
});

/** Launchers for `scripts/` and the framework documents every plane starts with. */
function planeTemplates(effects: Effects, package_directory: string): Map<string, Buffer> {
  const frameworks = [...readTemplates(effects, `${package_directory}/frameworks`)].map(
    ([path, bytes]): [string, Buffer] => [`frameworks/${path}`, bytes],
  );
  return new Map([...readTemplates(effects, `${package_directory}/templates`), ...frameworks]);
}

/** Everything below a shipped folder, by its path there. */
export function readTemplates({ fs }: Pick<Effects, "fs">, directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const walk = (prefix: string): void => {
    for (const { name, kind } of fs.list(`${directory}/${prefix}`)) {
      if (kind === "directory" && name !== "__pycache__") walk(`${prefix}${name}/`);
      else if (kind === "file") files.set(`${prefix}${name}`, fs.read(`${directory}/${prefix}${name}`));
    }
  };
  walk("");
  return files;
}
