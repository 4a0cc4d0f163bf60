/** Where the manifest and the assets lie in an archive: the canonical layout and the legacy ones (facts, archive section). */
import { raise } from "./faults.ts";

/** What the archive reader says about one regular file. */
export interface ArchiveFile {
  /** Member name in the archive. */
  readonly member: string;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly executable: boolean;
}

export interface Layout {
  readonly manifest_member: string;
  /** Plane-relative asset path to file; package metadata excluded. */
  readonly files: ReadonlyMap<string, ArchiveFile>;
}

/** Files of the package itself, never installed. Only beside the manifest: elsewhere these names are ordinary files. */
const PACKAGE_FILES = ["manifest.json", "signature.json", "checksums.sha256"];

/** @throws MANIFEST_MISSING, MANIFEST_AMBIGUOUS */
export function readLayout(files: readonly ArchiveFile[], archive: string): Layout {
  const names = new Set(files.map((file) => file.member));
  const prefix = packageFolder(files) ?? "";
  const manifest_member = names.has(`${prefix}manifest.json`)
    ? `${prefix}manifest.json`
    : onlyManifest(files, archive);
  const own = new Set(PACKAGE_FILES.map((name) => prefix + name));
  own.add(manifest_member);
  const assets = files.filter((file) => !own.has(file.member));
  return { manifest_member, files: new Map(assets.map((file) => [file.member.slice(prefix.length), file])) };
}

/** One leading folder named like a package and shared by every member is stripped. */
function packageFolder(files: readonly ArchiveFile[]): string | undefined {
  const first = files[0]?.member.split("/")[0];
  if (first === undefined || !first.startsWith("PKG-")) return undefined;
  return files.every((file) => file.member.startsWith(`${first}/`)) ? `${first}/` : undefined;
}

function onlyManifest(files: readonly ArchiveFile[], archive: string): string {
  const found = files.map((file) => file.member).filter((name) => name.endsWith("/manifest.json"));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length === 0) return raise("MANIFEST_MISSING", `${archive} holds no manifest.json`, { archive });
  return raise(
    "MANIFEST_AMBIGUOUS",
    `${archive} holds ${found.length} files named manifest.json and none at the top`,
    {
      archive,
      members: found.slice(0, 10),
    },
  );
}
