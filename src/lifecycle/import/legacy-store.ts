/** Archives of a Python plane, held against their sidecars and the registry. Every file is carried over as it is. */
import { readArchive } from "../../archive/index.ts";
import type { Row } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { bare, Fault } from "../../kernel/index.ts";
import { type ArchiveFile, readLayout, readManifest } from "../../metadata/index.ts";
import { readSidecar, sidecarPath } from "../../store/index.ts";
import type { ImportFindings } from "./import-findings.ts";

export interface StoredArchive {
  /** Plane-relative, there and here. */
  readonly path: string;
  readonly sha256: string;
  readonly size_bytes: number;
  /** Null where our reader refuses it; it is carried over all the same and can never be installed. */
  readonly profile: "canonical" | "plain" | null;
  /** Of its manifest; null without a readable one. */
  readonly package_id: string | null;
  readonly schema_version: string | null;
  /** Who names this digest: the registry, a sidecar, or nobody so far. */
  readonly pinned_by: "registry" | "sidecar" | "import";
}

/** @param paths of the store, source-relative @param digestOf bare hex of a file of the source */
export async function readStore(
  effects: Effects,
  source: string,
  paths: readonly string[],
  rows: readonly Row[],
  findings: ImportFindings,
): Promise<StoredArchive[]> {
  const archives = paths.filter((path) => path.endsWith(".tar.gz"));
  const digests = await effects.workers.digestFiles(archives.map((path) => `${source}/${path}`));
  const by_source = new Map(rows.map((row) => [row["source"] ?? "", row]));
  const stored: StoredArchive[] = [];
  for (const [index, path] of archives.entries()) {
    effects.signal.throwIfAborted();
    const digest = digests[index];
    if (digest === undefined) continue;
    const { sha256, size_bytes } = digest;
    const pinned_by = judgePin(effects, source, { path, sha256 }, by_source.get(path), findings);
    stored.push({
      path,
      sha256,
      size_bytes,
      pinned_by,
      ...(await judgeArchive(effects, source, path, findings)),
    });
  }
  const known = new Set(paths);
  for (const { id = "", source: at = "", source_type = "" } of rows) {
    if (source_type !== "tar" || at === "" || known.has(at)) continue;
    findings.add(
      "LEGACY_ARCHIVE_MISSING",
      `the registry names ${at} as the archive of ${id}, and it is not there`,
      {
        path: at,
        package_id: id,
      },
    );
  }
  return stored;
}

function judgePin(
  { fs }: Pick<Effects, "fs">,
  source: string,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  row: Row | undefined,
  findings: ImportFindings,
): StoredArchive["pinned_by"] {
  const sidecar = readSidecar(fs, `${source}/${path}`);
  const registered = bare(row?.["digest"] ?? "").toLowerCase();
  for (const [who, stated] of [
    ["the registry", registered],
    [sidecarPath(path), sidecar ?? ""],
  ] as const) {
    if (stated === "" || stated === sha256) continue;
    const message = `${path} is not the archive that ${who} names`;
    findings.add("LEGACY_ARCHIVE_DIGEST", message, { path, expected: stated, actual: sha256 });
  }
  if (registered === sha256) return "registry";
  if (sidecar === sha256) return "sidecar";
  if (sidecar === undefined && registered === "")
    findings.add("LEGACY_ARCHIVE_PINNED", `nothing named a digest for ${path}`, { path, actual: sha256 });
  return "import";
}

async function judgeArchive(
  effects: Effects,
  source: string,
  path: string,
  findings: ImportFindings,
): Promise<Pick<StoredArchive, "profile" | "package_id" | "schema_version">> {
  try {
    const listing = await readArchive(effects, `${source}/${path}`, {
      keep: (member) => member === "manifest.json" || member.endsWith("/manifest.json"),
      signal: effects.signal,
    });
    const files = listing.members.flatMap((member): ArchiveFile[] =>
      member.kind === "file" ? [{ member: member.path, ...member }] : [],
    );
    const manifest = manifestIn(listing.kept, listing.manifest_bytes, files, path);
    return { profile: listing.profile, ...manifest };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    findings.add("LEGACY_ARCHIVE_REFUSED", `${path} cannot be read: ${error.message}`, {
      path,
      actual: error.code,
    });
    return { profile: null, package_id: null, schema_version: null };
  }
}

/** An archive of files without a manifest is a plain archive all the same. */
function manifestIn(
  kept: ReadonlyMap<string, Buffer>,
  top: Buffer | undefined,
  files: readonly ArchiveFile[],
  path: string,
): Pick<StoredArchive, "package_id" | "schema_version"> {
  try {
    const layout = readLayout(files, path);
    const bytes = layout.manifest_member === "manifest.json" ? top : kept.get(layout.manifest_member);
    const { schema_version } = JSON.parse(bytes?.toString("utf8") ?? "") as { schema_version?: unknown };
    const { manifest } = readManifest(bytes ?? Buffer.alloc(0), layout.files, path);
    return {
      package_id: manifest.package_id,
      schema_version: typeof schema_version === "string" ? schema_version : null,
    };
  } catch {
    return { package_id: null, schema_version: null };
  }
}
