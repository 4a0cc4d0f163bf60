/** A row of the control plane registry, with the file it stands for. */
import type { ArtifactTrace, Row } from "../contracts/index.ts";
import { traceFile } from "./file.ts";
import { isPlain, trimPath } from "./plane-path.ts";
import type { Sight } from "./sight.ts";

export async function traceArtifact(sight: Sight, artifact_id: string, row: Row): Promise<ArtifactTrace> {
  const path = trimPath(row["artifact_path"] ?? "");
  const rows = sight.table("control_plane_registry");
  const is_file = isPlain(path) && sight.stat(path)?.kind !== "directory";
  return {
    artifact_id,
    name: row["name"] ?? "",
    entity_type: row["entity_type"] ?? "",
    purpose: row["purpose"] ?? "",
    status: row["status"] ?? "",
    spec_id: row["source_spec_id"] || null,
    dependencies: named(row).map((id) => ({
      id,
      known: rows.has(id) || sight.table("packages_registry").has(id),
    })),
    dependents: [...rows].flatMap(([id, other]) => (named(other).includes(artifact_id) ? [id] : [])).sort(),
    registry_row: Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== "")),
    file: is_file ? await traceFile(sight, path) : null,
  };
}

const named = (row: Row): string[] =>
  (row["dependencies"] ?? "")
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
