/** control_plane_registry: each artifact with a content_hash is there with that digest, as a file or as a whole folder. */
import type { Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { directoryDigest } from "./directory-digest.ts";
import type { FileReader } from "./file-reader.ts";
import type { Outcome } from "./outcome.ts";
import { folderJudge } from "./owned-files.ts";
import { parentOf } from "./recall.ts";
import { shown } from "./shown.ts";
import { pathCell } from "./tables.ts";

interface Needs {
  readonly fs: FileSystem;
  readonly reader: FileReader;
}
const FILE = registryPath("control_plane_registry");
/** Never part of an artifact: state, locks and history of the plane change by themselves. */
const NOT_ARTIFACT = /^(\.holdfast|\.git|ledger|planes\/[^/]+\/ledger)(\/|$)/;

/** @returns whether a path is, or lies in, an artifact whose digest is right; undefined where there is no such artifact */
export async function judgeArtifacts(
  effects: Needs,
  root: string,
  rows: readonly Row[],
  outcome: Outcome,
): Promise<((path: string) => boolean) | undefined> {
  const verified = new Set<string>();
  const isPlainFolder = folderJudge(effects.fs, root);
  for (const row of rows) {
    const { id = "", artifact_path = "" } = row;
    if (artifact_path === "") continue;
    const expected = bare(row["content_hash"] ?? "");
    const path = pathCell(artifact_path);
    const is_reachable = path !== undefined && !NOT_ARTIFACT.test(path) && isPlainFolder(parentOf(path));
    const actual = is_reachable ? await digestAt(effects, root, path) : undefined;
    if (actual === undefined) {
      outcome.artifacts.missing.push({ id, path: artifact_path });
      fault(
        "ARTIFACT_MISSING",
        id,
        `${shown(artifact_path)} is missing or is no file or folder of the plane`,
        outcome,
      );
    } else if (expected === "") outcome.artifacts.no_hash.push(id);
    else if (actual === expected) {
      outcome.artifacts.valid.push(id);
      if (path !== undefined) verified.add(path);
    } else {
      outcome.artifacts.invalid.push({ id, expected, actual });
      fault("ARTIFACT_DRIFT", id, `${shown(artifact_path)} is not what was registered`, outcome, {
        expected,
        actual,
      });
    }
  }
  return verified.size === 0 ? undefined : (path) => pathAndAbove(path).some((one) => verified.has(one));
}

async function digestAt(effects: Needs, root: string, path: string): Promise<string | undefined> {
  const kind = effects.fs.stat(`${root}/${path}`)?.kind;
  if (kind !== "file" && kind !== "directory") return undefined;
  const files = kind === "file" ? [""] : filesBelow(effects.fs, `${root}/${path}`, "");
  if (files === undefined) return "unreadable";
  const readings = await effects.reader.readAll(
    files.map((file) => (file === "" ? `${root}/${path}` : `${root}/${path}/${file}`)),
  );
  const digests = readings.flatMap((reading, index) =>
    typeof reading === "object" ? [{ ...reading, path: files[index] ?? "" }] : [],
  );
  if (digests.length !== files.length) return "unreadable";
  return kind === "file" ? digests[0]?.sha256 : directoryDigest(digests);
}

/** Undefined when there is anything that is neither file nor folder, or a folder cannot be listed. */
function filesBelow(fs: FileSystem, root: string, folder: string): string[] | undefined {
  const files: string[] = [];
  let entries: ReturnType<FileSystem["list"]>;
  try {
    entries = fs.list(folder === "" ? root : `${root}/${folder}`);
  } catch {
    return undefined;
  }
  for (const { name, kind } of entries) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (kind === "directory" && name === "__pycache__") continue;
    if (kind === "file") files.push(path);
    else if (kind === "directory") {
      const inner = filesBelow(fs, root, path);
      if (inner === undefined) return undefined;
      files.push(...inner);
    } else return undefined;
  }
  return files;
}

function fault(
  code: string,
  id: string,
  message: string,
  outcome: Outcome,
  fields: { expected?: string; actual?: string } = {},
): void {
  const step = `Restore it from a backup, or correct the row ${shown(id)} in ${FILE}, then run "pkg registry validate".`;
  outcome.find(code, `${shown(id)}: ${message}`, step, { path: FILE, field: id, ...fields });
}

function pathAndAbove(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
