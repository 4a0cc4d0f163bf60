import { z } from "zod";
import { HexDigest } from "../contracts/index.ts";
import { type InstallResult, install as installPackages, type Wanted } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { adviceText, disabledText, timelineText } from "./describe-change.ts";
import { make } from "./faults.ts";
import { allIds, dryRun, planeTiers, wheelFolder } from "./fields.ts";
import { healthOptions, runtimeOf, wheelOptions } from "./runtime.ts";

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
    archive: z.string().min(1).optional().meta({ description: "Archive file or URL to install." }),
    id: z.string().optional().meta({ description: "Package id the archive must hold." }),
    digest: HexDigest.optional().meta({
      description: "sha256 of --archive, vouched for by you instead of the registry.",
    }),
    from: z.string().min(1).optional().meta({ description: "Folder with further archives to choose from." }),
    wheels: wheelFolder,
    plane: planeTiers,
    work_order: z.string().max(128).optional().meta({ description: "Work order to note in the receipt." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const wanted = wantedOf(input, context.token);
    const plane = planeOf(context);
    const named_first = wanted[0]?.id?.split("@")[0];
    const result = await installPackages(context.effects, plane, {
      wanted,
      from: input.from,
      tiers: input.plane,
      token: context.token,
      dry_run: input.dry_run,
      work_order_id: input.work_order,
      wait_ms: context.wait_ms,
      runtime: (needs_python) => runtimeOf(context, needs_python),
      health: healthOptions(context, plane),
      environments: wheelOptions(context, input.wheels),
      onPhase: context.onPhase,
    });
    const first =
      result.packages.find(({ package_id }) => package_id === named_first) ?? result.packages.at(-1);
    return { result: { success: true, ...summaryOf(first), ...result } };
  },
  text: (result) =>
    [
      ...result.packages.map((one) => describe(one, result.dry_run)),
      ...disabledText(result),
      ...adviceText(result),
      ...timelineText(result.timeline),
      "",
    ].join("\n"),
});

/** @throws INPUT_MISSING */
function wantedOf(
  input: {
    ids?: string[] | undefined;
    id?: string | undefined;
    archive?: string | undefined;
    digest?: string | undefined;
  },
  token: string | undefined,
): Wanted[] {
  const { archive, digest, id } = input;
  const ids = allIds(input.ids, archive === undefined ? id : undefined, {
    command: "pkg install",
    token,
    versions: true,
  });
  const wanted: Wanted[] = [
    ...(archive === undefined ? [] : [{ archive, id, digest }]),
    ...ids.map((one) => ({ id: one, digest })),
  ];
  refuseUnclear(wanted);
  if (wanted.length > 0) return wanted;
  throw make("INPUT_MISSING", "name a package id or an --archive", { field: "ids", command: "pkg install" });
}

/** The package the command names first, as earlier readers of this output expect it at the top. */
const summaryOf = (one: InstallResult["packages"][number] | undefined) => ({
  package_id: one?.package_id ?? "",
  version: one?.version ?? "",
  manifest_hash: one?.manifest_hash ?? "",
  assets_count: one?.assets_count ?? 0,
  receipt_path: one?.receipt_path ?? "",
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
