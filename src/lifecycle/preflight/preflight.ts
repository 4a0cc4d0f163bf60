/** Finds what the user named and judges it: a source, a manifest, an archive, or a package id. Changes nothing. */
import type { PreflightSubject } from "../../contracts/index.ts";
import { PLANE_TIERS } from "../../contracts/index.ts";
import type { FileSystem } from "../../effects/index.ts";
import { isManifestFile } from "../../metadata/index.ts";
import { absolute } from "../../plane/index.ts";
import { makePreflightFault } from "../../preflight/index.ts";
import { readReceipt } from "../../receipts/index.ts";
import { findStored } from "../candidate.ts";
import { judgeArchive } from "./archive.ts";
import { judgeInstalled } from "./installed.ts";
import { judgeSource } from "./source.ts";
import type { PreflightWorld } from "./world.ts";

/** @throws PREFLIGHT_SUBJECT_MISSING */
export async function preflight(world: PreflightWorld, subject: string): Promise<PreflightSubject> {
  const { fs, host } = world.effects;
  const path = absolute(host.cwd, subject);
  const found = fs.stat(path);
  if (found === undefined) return judgeId(world, subject);
  const real = fs.realPath(path);
  const kind = fs.stat(real)?.kind;
  if (kind === "directory") return judgeSource(world, { subject, kind: "source", folder: real, fs });
  if (kind !== "file") throw missing(subject, "is neither a file nor a folder");
  if (!/\.(json|toml)$/.test(real)) return judgeArchive(world, { subject, path: real });
  const folder = real.slice(0, real.lastIndexOf("/"));
  const name = real.slice(folder.length + 1);
  // The files beside a manifest are what it would be packed with; under another name it stands for itself alone.
  if (isManifestFile(name)) return judgeSource(world, { subject, kind: "source", folder, fs });
  const form = name.endsWith(".toml") ? "holdfast.toml" : "manifest.json";
  return judgeSource(world, { subject, kind: "manifest", folder, fs: standingIn(fs, folder, name, form) });
}

async function judgeId(world: PreflightWorld, subject: string): Promise<PreflightSubject> {
  const { effects, plane, no_plane } = world;
  if (!/^PKG-[A-Z0-9-]+(@[^/]+)?$/.test(subject)) throw missing(subject, "is not there");
  if (plane === undefined) throw missing(subject, `cannot be looked up: ${no_plane}`);
  const stored = findStored(effects, plane, subject);
  if (stored !== undefined) return judgeArchive(world, { subject, path: stored, id: subject });
  const tier = PLANE_TIERS.find((one) => readReceipt(effects.fs, plane.root, subject, one) !== undefined);
  const installed = tier === undefined ? undefined : readReceipt(effects.fs, plane.root, subject, tier);
  if (installed === undefined) throw missing(subject, "is neither in the store nor installed");
  return judgeInstalled({ ...world, plane }, subject, installed);
}

const missing = (subject: string, why: string) =>
  makePreflightFault("PREFLIGHT_SUBJECT_MISSING", `${subject} ${why}`, { subject });

/** One file under the name its form has, and no other manifest beside it. */
function standingIn(fs: FileSystem, folder: string, name: string, form: string): FileSystem {
  const real = (path: string): string | undefined => {
    if (path === `${folder}/${form}`) return `${folder}/${name}`;
    return path.startsWith(`${folder}/`) && isManifestFile(path.slice(folder.length + 1)) ? undefined : path;
  };
  return {
    ...fs,
    stat: (path) => (real(path) === undefined ? undefined : fs.stat(real(path) ?? path)),
    readText: (path) => fs.readText(real(path) ?? path),
    read: (path) => fs.read(real(path) ?? path),
  };
}
