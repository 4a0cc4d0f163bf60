import { z } from "zod";
import type { Finding, PlaneTier } from "../contracts/index.ts";
import { installedHeads, readableHeads } from "../index-db/index.ts";
import { type Fault, nearest } from "../kernel/index.ts";
import { type Plane, reading, registryPath } from "../plane/index.ts";
import { readReceipt } from "../receipts/index.ts";
import { readRegistry } from "../registry/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { findingLines } from "./finding-lines.ts";

interface Listed {
  readonly package_id: string;
  readonly version: string;
  readonly tier: string;
  readonly status: string;
  readonly installed: readonly {
    readonly plane_id: PlaneTier;
    readonly version: string;
    readonly installed_at: string;
  }[];
}

const listPackages = ({ effects }: Context, plane: Plane): Listed[] =>
  listedOf(effects, plane, installedHeads(effects, plane.root));

function listedOf(
  effects: Context["effects"],
  plane: Plane,
  installed: ReturnType<typeof installedHeads>,
): Listed[] {
  const rows = readRegistry(
    effects.fs,
    `${plane.root}/${registryPath("packages_registry")}`,
    "packages_registry",
  );
  const row_of = new Map(rows.map((row) => [row["id"] ?? "", row]));
  const installed_as = Map.groupBy(installed, ({ package_id }) => package_id);
  const ids = [...new Set([...row_of.keys(), ...installed_as.keys()])].sort();
  return ids.map((package_id) => {
    const row = row_of.get(package_id);
    const here = installed_as.get(package_id) ?? [];
    return {
      package_id,
      version: row?.["version"] ?? here[0]?.version ?? "",
      tier: row?.["tier"] ?? here[0]?.tier ?? "",
      status: row === undefined ? "not registered" : (row["status"] ?? ""),
      installed: here.map(({ plane_id, version, installed_at }) => ({ plane_id, version, installed_at })),
    };
  });
}

/** @throws ID_UNKNOWN for what is neither registered nor installed */
export function requireKnown(context: Context, plane: Plane, id: string): void {
  const ids = listPackages(context, plane).map(({ package_id }) => package_id);
  if (!ids.includes(id)) throw unknown(id, ids);
}

const unknown = (id: string, ids: readonly string[]): Fault =>
  make("ID_UNKNOWN", `${id} is neither registered nor installed`, { id, near: nearest(id, ids) });

export const list = operation({
  name: "list",
  summary: "List registered and installed packages.",
  examples: ["pkg list", "pkg list --installed --json"],
  authorised: false,
  input: z.strictObject({
    installed: z.boolean().default(false).meta({ description: "Only what is installed." }),
  }),
  run: async (context, input) => {
    const plane = planeOf(context);
    const { effects } = context;
    return reading(effects, plane, async () => {
      const { heads, damaged } = readableHeads(effects, plane.root);
      const all = listedOf(effects, plane, heads);
      const packages = all.filter((one) => !input.installed || one.installed.length > 0);
      const findings = damaged.map(damageOf);
      return {
        result: { packages, count: packages.length, findings },
        exit_code: damaged.length > 0 ? 1 : 0,
      };
    });
  },
  text: ({ packages, findings }) => {
    const damage = findingLines(findings)
      .map((line) => `${line}\n`)
      .join("");
    if (packages.length === 0 && damage === "") return 'No packages yet. Start with "pkg pack --src DIR".\n';
    const width = Math.max(...packages.map((one) => one.package_id.length));
    const rows = packages.map((one) => {
      const where = one.installed
        .map((here) => (here.plane_id === "ho3" ? here.version : `${here.version} (${here.plane_id})`))
        .join(", ");
      return `${one.package_id.padEnd(width)}  ${one.tier.padEnd(2)}  ${one.version.padEnd(10)}  ${one.status.padEnd(10)}  ${where === "" ? "-" : `installed ${where}`}`;
    });
    return `${rows.map((row) => `${row}\n`).join("")}${damage}`;
  },
});

/** A receipt that cannot be read hides no other package. */
function damageOf({ code, message, next_step, details }: Fault): Finding {
  const { path } = details;
  return { code, severity: "error", message, next_step, ...(typeof path === "string" && { path }) };
}

export const info = operation({
  name: "info",
  summary: "Show one package's registry row, versions in the store, and what is installed.",
  examples: ["pkg info PKG-T1-RUNTIME-001"],
  authorised: false,
  input: z.strictObject({ id: z.string().min(1).meta({ description: "Package id.", positional: 0 }) }),
  run: async (context, { id }) => {
    const { fs } = context.effects;
    const plane = planeOf(context);
    return reading(context.effects, plane, async () => {
      const packages = listPackages(context, plane);
      const found = packages.find((one) => one.package_id === id);
      if (found === undefined)
        throw unknown(
          id,
          packages.map((one) => one.package_id),
        );
      const row = readRegistry(
        fs,
        `${plane.root}/${registryPath("packages_registry")}`,
        "packages_registry",
      ).find((one) => one["id"] === id);
      const [first] = found.installed;
      const manifest =
        first === undefined ? undefined : readReceipt(fs, plane.root, id, first.plane_id)?.manifest;
      const stored = fs
        .list(`${plane.root}/packages_store`)
        .flatMap(({ name }) =>
          name.startsWith(`${id}-`) && name.endsWith(".tar.gz") ? [name.slice(id.length + 1, -7)] : [],
        )
        .filter((version) => /^\d/.test(version));
      return { result: { ...found, row: row ?? null, stored_versions: stored, manifest: manifest ?? null } };
    });
  },
  text: (result) => {
    const cells = Object.entries(result.row ?? {}).filter(([, cell]) => cell !== "");
    return [
      `${result.package_id} ${result.version} (${result.status})`,
      ...cells.map(([column, cell]) => `  ${column.padEnd(16)} ${cell}`),
      `  ${"in the store".padEnd(16)} ${result.stored_versions.join(", ") || "no version"}`,
      ...(result.installed.length === 0
        ? ["  not installed"]
        : result.installed.map(
            (here) => `  installed        ${here.version} in ${here.plane_id} since ${here.installed_at}`,
          )),
      "",
    ].join("\n");
  },
});
