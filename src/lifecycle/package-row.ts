/** The packages_registry row of a packed version. */
import type { Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import type { Prepared } from "./build-archive.ts";

/** Cells people may have set by hand (status, priority, owner…) are kept when the row exists. */
export function packageRow(
  effects: Effects,
  plane: Plane,
  prepared: Pick<Prepared, "manifest" | "metadata" | "target">,
  digest: string,
): Row {
  const { manifest, metadata, target } = prepared;
  const known = findRow(
    effects.fs,
    `${plane.root}/${registryPath("packages_registry")}`,
    "packages_registry",
    [manifest.package_id],
  );
  const given: Record<string, string> = {
    id: manifest.package_id,
    name: manifest.name,
    version: manifest.version,
    source: versionedArchivePath(manifest.package_id, manifest.version),
    source_type: "tar",
    digest,
    deps: manifest.dependencies.map(({ id, range }) => (range === "*" ? id : `${id}@${range}`)).join(","),
    conflicts: manifest.conflicts.join(","),
    license: manifest.license ?? "",
    artifact_path: `/${target}`,
    source_spec_id: manifest.spec_id ?? "",
    tier: manifest.tier,
  };
  if (known !== undefined) return given;
  return {
    ...given,
    entity_type: "package",
    category: manifest.package_type,
    platform: "any",
    arch: "any",
    output_type: "extension",
    status: "active",
    selected: "yes",
    priority: "P1",
    owner: metadata.owner ?? "",
    created_at: createdOn(effects),
  };
}

/** The UTC day of the first registration. SOURCE_DATE_EPOCH, where set, makes a rebuilt registry equal the first one. */
function createdOn({ clock, host }: Pick<Effects, "clock" | "host">): string {
  return new Date(nowForRecords({ clock, host })).toISOString().slice(0, 10);
}

/** Full timestamp twin of `createdOn`, as the spec and framework registries hold it. */
export function createdAt(effects: Pick<Effects, "clock" | "host">): string {
  return new Date(nowForRecords(effects)).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function nowForRecords({ clock, host }: Pick<Effects, "clock" | "host">): number {
  const epoch = host.env["SOURCE_DATE_EPOCH"];
  return epoch !== undefined && /^\d{1,12}$/.test(epoch) ? Number(epoch) * 1000 : clock.now_ms();
}
