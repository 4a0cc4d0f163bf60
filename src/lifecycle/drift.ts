/** Edited code is never replaced silently: the refusal shows the difference to what was installed. */
import { readArchive } from "../archive/index.ts";
import type { Receipt } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare, type Fault } from "../kernel/index.ts";
import { digestOf, type Plane } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { make } from "./faults.ts";

const DIFF_LINES_MAX = 200;
const FILE_BYTES_MAX = 1 << 20;

/** INSTALLED_DRIFTED with a unified diff of each edited text file, as far as the installed bytes can be had. */
export async function driftFault(
  effects: Effects,
  plane: Plane,
  receipt: Receipt,
  paths: readonly string[],
): Promise<Fault> {
  const { package_id } = receipt;
  const diff = await diffOf(effects, plane, receipt, paths.slice(0, 20));
  const message = `${paths.length} file(s) of ${package_id} were changed after the install: ${paths.slice(0, 3).join(", ")}`;
  return make("INSTALLED_DRIFTED", message, { package_id, paths: paths.slice(0, 100), diff });
}

async function diffOf(
  effects: Effects,
  plane: Plane,
  receipt: Receipt,
  paths: readonly string[],
): Promise<string> {
  const installed = await installedBytes(effects, plane, receipt, paths);
  const { createTwoFilesPatch } = await import("diff");
  const parts = paths.map((path) => {
    const recorded = installed.get(path);
    const now = textAt(effects, `${plane.root}/${path}`);
    if (recorded === undefined || now === undefined)
      return `${path}: no text to compare with what was installed\n`;
    return createTwoFilesPatch(`installed/${path}`, `now/${path}`, recorded, now, "", "", { context: 3 });
  });
  const lines = parts.join("").split("\n");
  const rest = lines.length - DIFF_LINES_MAX;
  return rest > 0 ? [...lines.slice(0, DIFF_LINES_MAX), `… ${rest} more lines`].join("\n") : lines.join("\n");
}

/** Texts as they were installed, from the archive in the store, where that is still the one that was installed. */
async function installedBytes(
  effects: Effects,
  plane: Plane,
  receipt: Receipt,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const archive = storedArchive(effects, plane, receipt);
  if (archive === undefined) return new Map();
  const prefix = tierPrefix(receipt.plane_id);
  const wanted = new Map(paths.map((path) => [path.slice(prefix.length), path]));
  // Legacy archives put everything under one package folder.
  const pathOf = (member: string): string | undefined =>
    wanted.get(member) ?? wanted.get(member.replace(/^PKG-[^/]+\//, ""));
  const { kept } = await readArchive(effects, archive, { keep: (member) => pathOf(member) !== undefined });
  return new Map(
    [...kept].flatMap(([member, bytes]) => {
      const path = pathOf(member);
      const text = textOf(bytes);
      return path === undefined || text === undefined ? [] : [[path, text]];
    }),
  );
}

/** The stored archive with the installed bytes, absolute. */
export function storedArchive(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { package_id, version, archive_hash }: Receipt,
): string | undefined {
  return [versionedArchivePath(package_id, version), latestArchivePath(package_id)]
    .map((path) => `${plane.root}/${path}`)
    .find((path) => digestOf(fs, path) === bare(archive_hash));
}

function textAt({ fs }: Pick<Effects, "fs">, path: string): string | undefined {
  const found = fs.stat(path);
  return found?.kind === "file" && found.size_bytes <= FILE_BYTES_MAX ? textOf(fs.read(path)) : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > FILE_BYTES_MAX || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
