import { z } from "zod";
import { HexDigest } from "../contracts/index.ts";
import { type InstallResult, install as installPackages } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { allIds, dryRun, planeTiers } from "./fields.ts";
import { runtimeOf } from "./runtime.ts";

export const install = operation({
  name: "install",
  summary: "Check packages and install them in one transaction: all of them or none.",
  examples: [
    "pkg install --archive packages_store/PKG-T1-RUNTIME-001.tar.gz --id PKG-T1-RUNTIME-001",
    "pkg install PKG-T0-EVIDENCE-001 PKG-T1-RUNTIME-001 --dry-run",
  ],
  authorised: true,
  input: z.strictObject({
    ids: z
      .array(z.string())
      .optional()
      .meta({ description: "Package ids in the store, each ID or ID@VERSION.", positional: 0 }),
    archive: z.string().min(1).optional().meta({ description: "Archive file to install." }),
    id: z.string().optional().meta({ description: "Package id the archive must hold." }),
    digest: HexDigest.optional().meta({
      description: "sha256 of --archive, vouched for by you instead of the registry.",
    }),
    plane: planeTiers,
    work_order: z.string().max(128).optional().meta({ description: "Work order to note in the receipt." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const ids = allIds(input.ids, input.archive === undefined ? input.id : undefined);
    const stored = ids.map((id) => ({ id, digest: input.digest }));
    const named =
      input.archive === undefined ? [] : [{ archive: input.archive, id: input.id, digest: input.digest }];
    const wanted = [...named, ...stored];
    refuseUnclear(wanted);
    if (wanted.length === 0)
      throw make("INPUT_MISSING", "name a package id or an --archive", {
        field: "ids",
        command: "pkg install",
      });
    const result = await installPackages(context.effects, planeOf(context), {
      wanted,
      tiers: input.plane,
      token: context.token,
      dry_run: input.dry_run,
      work_order_id: input.work_order,
      wait_ms: context.wait_ms,
      runtime: (needs_python) => runtimeOf(context, needs_python),
      onPhase: context.onPhase,
    });
    const first = result.packages[0];
    return {
      result: {
        success: true,
        package_id: first?.package_id ?? "",
        version: first?.version ?? "",
        manifest_hash: first?.manifest_hash ?? "",
        assets_count: first?.assets_count ?? 0,
        receipt_path: first?.receipt_path ?? "",
        ...result,
      },
    };
  },
  text: (result) => [...result.packages.map((one) => describe(one, result.dry_run)), ""].join("\n"),
});

function describe(one: InstallResult["packages"][number], dry_run: boolean): string {
  const where = one.plane_id === "ho3" ? "" : ` in ${one.plane_id}`;
  if (!one.changed) return `${one.package_id} ${one.version} is installed already${where}; nothing to do.`;
  const lines = [
    dry_run
      ? `Would install ${one.package_id} ${one.version}${where}`
      : `Package installed successfully!${where}`,
    `  Package ID:    ${one.package_id} ${one.version}`,
    `  Manifest Hash: ${one.manifest_hash}`,
    `  Assets:        ${one.assets_count} (${one.created.length} created, ${one.adopted.length} adopted as they lie)`,
    `  Receipt:       ${one.receipt_path}`,
  ];
  if (!dry_run) return [...lines, "", `Next: trace --explain ${one.package_id}`].join("\n");
  return [
    ...lines,
    ...one.created.map((path) => `  create ${path}`),
    ...one.adopted.map((path) => `  adopt  ${path}`),
  ].join("\n");
}

/** @throws INPUT_MISSING for one package named twice, or a digest that could mean several archives */
function refuseUnclear(
  wanted: readonly { readonly id?: string | undefined; readonly digest?: string | undefined }[],
): void {
  const field = "ids";
  const command = "pkg install";
  if (wanted.length > 1 && wanted.some(({ digest }) => digest !== undefined)) {
    throw make("INPUT_MISSING", "--digest vouches for exactly one archive", { field: "digest", command });
  }
  const names = wanted.flatMap(({ id }) => (id === undefined ? [] : [id.split("@")[0]]));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw make("INPUT_MISSING", `${twice} is named twice`, { field, command });
}
