/** `trace --inventory`: everything in the plane, counted, and whether it is as recorded. */
import type { InventoryTrace } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { type Plane, unownedVerdict } from "../plane/index.ts";
import { ownedBelow } from "./directory.ts";
import { digestAll, judge } from "./file-list.ts";
import { filesBelow } from "./files-below.ts";
import { sorted } from "./findings.ts";
import type { TraceOptions } from "./options.ts";
import { knownPackages } from "./receipts.ts";
import { Sight } from "./sight.ts";

/** Reads every owned file once. Damage it meets is in `findings`, and the plane is then not called healthy. */
export async function inventory(
  effects: Effects,
  plane: Plane,
  options: TraceOptions = {},
): Promise<InventoryTrace> {
  const sight = new Sight(effects, plane, options);
  const owned = ownedBelow(sight, "");
  const digests = await digestAll(
    sight,
    owned.map(({ path }) => path),
  );
  const amiss = owned.filter(
    (file) => !isFine(judge(sight, file, digests.get(file.path)), file.classification),
  ).length;
  const orphans = orphansOf(sight, new Set(owned.map(({ path }) => path)));
  const packages = packagesOf(sight);
  const { frameworks, specs } = governanceOf(sight);
  const findings = sorted(sight.findings);
  const healthy =
    owned.length > 0 &&
    amiss === 0 &&
    orphans.length === 0 &&
    !findings.some(({ severity }) => severity === "error");
  const counts = `${owned.length - amiss} of ${owned.length} owned files are as recorded, ${orphans.length} orphans, ${findings.length} findings`;
  const message = `${healthy ? "healthy" : owned.length === 0 ? "unknown" : "NOT healthy"}: ${counts}`;
  return {
    frameworks,
    specs,
    packages,
    total_files: owned.length,
    orphans,
    health: { healthy, message },
    findings,
  };
}

/** Configuration and state are made to change, but not to vanish. */
const isFine = (verdict: string | null, classification: string | null): boolean =>
  verdict === "match" || (verdict === "drift" && (classification === "config" || classification === "state"));

function orphansOf(sight: Sight, owned: ReadonlySet<string>): string[] {
  const roots = new Set(
    sight.plane.config.governed_roots
      .map((pattern) => pattern.split("/")[0] ?? "")
      .filter((root) => root !== ""),
  );
  const starts = [...roots].some((root) => /[*?]/.test(root)) ? topFolders(sight) : [...roots];
  return starts
    .flatMap((root) => filesBelow(sight, root))
    .filter((path) => !owned.has(path) && unownedVerdict(sight.plane, path) === "unowned")
    .sort(compareCodePoints);
}

const topFolders = ({ effects: { fs }, plane: { root } }: Sight): string[] =>
  fs.list(root).flatMap(({ name, kind }) => (kind === "directory" ? [name] : []));

function packagesOf(sight: Sight): InventoryTrace["packages"] {
  return knownPackages(sight).map((package_id) => {
    const row = sight.table("packages_registry").get(package_id);
    const here = sight.installedAs(package_id);
    return {
      package_id,
      version: here[0]?.receipt.version ?? row?.["version"] ?? "",
      status: row === undefined ? "not registered" : (row["status"] ?? ""),
      installed: here.map(({ receipt }) => receipt.plane_id.toUpperCase()),
      file_count: here.reduce((sum, { receipt }) => sum + receipt.files.length, 0),
    };
  });
}

function governanceOf(sight: Sight): Pick<InventoryTrace, "frameworks" | "specs"> {
  const specs = [...sight.table("specs_registry").values()].map((row) => ({
    spec_id: row["spec_id"] ?? "",
    title: row["title"] ?? "",
    framework_id: row["framework_id"] ?? "",
    status: row["status"] ?? "",
  }));
  const frameworks = [...sight.table("frameworks_registry").values()].map((row) => {
    const framework_id = row["framework_id"] ?? "";
    const spec_count = specs.filter((spec) => spec.framework_id === framework_id).length;
    return { framework_id, title: row["title"] ?? "", status: row["status"] ?? "", spec_count };
  });
  return {
    frameworks: frameworks.sort((a, b) => compareCodePoints(a.framework_id, b.framework_id)),
    specs: specs.sort((a, b) => compareCodePoints(a.spec_id, b.spec_id)),
  };
}
