/** Plugins as packages: known, installed, removed. */
import { z } from "zod";
import {
  forgetPlugin,
  type InstallPluginResult,
  installPlugin,
  registerPlugin,
  type UninstallPluginResult,
  uninstallPlugin,
} from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { adviceText, describeChange } from "./describe-change.ts";
import { dryRun } from "./fields.ts";
import { changeText, pluginName } from "./plugin-words.ts";
import { healthOptions, runtimeOf } from "./runtime.ts";

const digest = z
  .string()
  .regex(/^(sha256:)?[0-9a-f]{64}$/, "must be 64 hex digits")
  .optional()
  .meta({ description: "sha256 of the archive, where you vouch for it yourself." });

const wantedOf = (name: string, vouched: string | undefined) => ({
  ...(name.startsWith("PKG-") && !name.endsWith(".tar.gz") ? { id: name } : { archive: name }),
  ...(vouched === undefined ? {} : { digest: vouched }),
});

export const pluginRegister = operation({
  name: "plugin register",
  summary: "Make a plugin known by the manifest in its archive; nothing of it is installed.",
  examples: [
    "pkg plugin register PKG-T2-NOTES-001",
    "pkg plugin register packages_store/PKG-T2-NOTES-001.tar.gz --json",
  ],
  authorised: true,
  input: z.strictObject({
    archive: z.string().min(1).max(4096).meta({
      description: "Archive file, or the id of a package in the store (ID@VERSION).",
      positional: 0,
    }),
    digest,
  }),
  run: async (context, input) => {
    const { effects, token, wait_ms } = context;
    const wanted = wantedOf(input.archive, input.digest);
    return { result: await registerPlugin(effects, planeOf(context), { wanted, token, wait_ms }) };
  },
  text: (result) => changeText(result),
});

export const pluginInstall = operation({
  name: "plugin install",
  summary: "Install the package of a plugin; it runs only once somebody enables it.",
  examples: ["pkg plugin install notes", "pkg plugin install PKG-T2-NOTES-001 --dry-run"],
  authorised: true,
  input: z.strictObject({
    name: z.string().min(1).max(4096).meta({
      description: "Namespace of a registered plugin, id of its package, or an archive file.",
      positional: 0,
    }),
    digest,
    from: z.string().optional().meta({ description: "A folder with further archives." }),
    dry_run: dryRun,
  }),
  run: async (context, { name, digest: given, from, dry_run }) => {
    const { effects, token, wait_ms, onPhase } = context;
    const plane = planeOf(context);
    const request = {
      token,
      wait_ms,
      onPhase,
      dry_run,
      from,
      digest: given,
      runtime: (needs_python: boolean) => runtimeOf(context, needs_python),
      health: healthOptions(context, plane),
    };
    return { result: await installPlugin(effects, plane, name, request) };
  },
  text: (result: InstallPluginResult) =>
    [
      ...result.packages.map((one) => `${describeChange(one, result.dry_run)}\n`),
      ...adviceText(result).map((line) => `${line}\n`),
      result.namespace === "" ? "" : changeText(result, result.dry_run),
      result.state === "installed" && result.changed
        ? `Nothing of it runs yet: "pkg plugin enable ${result.namespace} --dry-run" shows what it asks for.\n`
        : "",
    ].join(""),
});

export const pluginUninstall = operation({
  name: "plugin uninstall",
  summary: "Remove a plugin with its package; it stays registered, and what was granted is void.",
  examples: ["pkg plugin uninstall notes --dry-run", "pkg plugin uninstall notes --forget"],
  authorised: true,
  input: z.strictObject({
    name: pluginName,
    purge: z.boolean().default(false).meta({ description: "Also remove config and state files you edited." }),
    accept_drift: z
      .boolean()
      .default(false)
      .meta({ description: "Go on although code was edited; copies are kept under .holdfast/state/kept." }),
    forget: z.boolean().default(false).meta({
      description: "Give up the namespace of a plugin that is not installed, with its configuration.",
    }),
    dry_run: dryRun,
  }),
  run: async (context, { name, purge, accept_drift, forget, dry_run }) => {
    const { effects, token, wait_ms, onPhase } = context;
    const plane = planeOf(context);
    const request = { token, wait_ms, onPhase, purge, accept_drift, dry_run };
    const result = await uninstallPlugin(effects, plane, name, { ...request, dry_run: dry_run || forget });
    if (!forget || dry_run) return { result: { ...result, forgotten: false } };
    const { namespace } = result;
    const { transaction_id, generation } = await forgetPlugin(effects, plane, {
      name: namespace,
      token,
      wait_ms,
    });
    return { result: { ...result, dry_run, changed: true, transaction_id, generation, forgotten: true } };
  },
  text: (result: UninstallPluginResult & { readonly forgotten: boolean }) => {
    if (result.forgotten) return `SUCCESS: ${result.namespace} is given up\n`;
    const files = result.packages.map(
      ({ package_id, version, removed, kept }) =>
        `${result.dry_run ? "Would remove" : "Removed"} ${package_id} ${version}: ${removed.length} files, ${kept.length} kept\n`,
    );
    return [...files, changeText(result, result.dry_run)].join("");
  },
});
