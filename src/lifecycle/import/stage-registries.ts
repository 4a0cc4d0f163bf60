/** The registries as they will be before the first transaction: curated ones as they came, derived ones as far as true. */
import type { RegistryName, Row } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { sha256Hex } from "../../kernel/index.ts";
import { registryPath } from "../../plane/index.ts";
import { readRegistry, rewriteRegistry, rowKey } from "../../registry/index.ts";
import type { Survey } from "./survey.ts";

type Needs = Pick<Effects, "fs">;

/** @returns rows dropped or changed, by registry @throws REGISTRY_* */
export function stageRegistries(
  effects: Needs,
  survey: Survey,
  staging: string,
  launchers: ReadonlyMap<string, Uint8Array>,
): Partial<Record<RegistryName, number>> {
  const owners = new Map(
    survey.packages.flatMap(({ package_id, kept }) => kept.map(({ path }) => [path, package_id] as const)),
  );
  const coming = new Set(survey.packages.map(({ package_id, tier }) => `${package_id}\0${tier}`));
  return {
    file_ownership: keepTrue(effects, survey, staging, "file_ownership", (row) => {
      return owners.get(row["file_path"] ?? "") === row["owner_package_id"];
    }),
    packages_state: keepTrue(effects, survey, staging, "packages_state", (row) => {
      const { package_id = "", plane_id = "", status = "" } = row;
      return status !== "installed" || coming.has(`${package_id}\0${plane_id}`);
    }),
    control_plane_registry: rehashScripts(effects, survey, staging, launchers),
  };
}

/** Rows no receipt will back are left out; the whole original is kept aside. */
function keepTrue(
  { fs }: Needs,
  { legacy, walked, findings }: Survey,
  staging: string,
  name: "file_ownership" | "packages_state",
  isTrue: (row: Row) => boolean,
): number {
  const path = registryPath(name);
  if (!walked.files.has(path)) return 0;
  const from = `${staging}/${legacy}/${path}`;
  const untrue = readRegistry(fs, from, name).filter((row) => !isTrue(row));
  const remove = untrue.map((row) => rowKey(name, row).split("\0"));
  rewriteRegistry(fs, { name, from, to: `${staging}/${path}`, upsert: [], remove, insert: "sorted" });
  if (remove.length > 0)
    findings.add("LEGACY_ROWS_DROPPED", `${remove.length} row(s) of ${path} are true of no package here`, {
      path,
    });
  return remove.length;
}

/** Rows of scripts that ours take the place of get the digest of ours; every other byte stays. */
function rehashScripts(
  { fs }: Needs,
  { walked }: Survey,
  staging: string,
  launchers: ReadonlyMap<string, Uint8Array>,
): number {
  const name = "control_plane_registry";
  const path = `${staging}/${registryPath(name)}`;
  if (!walked.files.has(registryPath(name))) return 0;
  const upsert = readRegistry(fs, path, name).flatMap((row): Row[] => {
    const script = (row["artifact_path"] ?? "").replace(/^\//, "");
    const bytes = launchers.get(script);
    if (bytes === undefined || (row["content_hash"] ?? "") === "") return [];
    return [{ id: row["id"] ?? "", content_hash: sha256Hex(bytes) }];
  });
  if (upsert.length === 0) return 0;
  const next = `${path}.next`;
  const { updated } = rewriteRegistry(fs, { name, from: path, to: next, upsert, remove: [], insert: "end" });
  fs.rename(next, path);
  return updated;
}
