/** Builds an environment in a folder of its own: an empty venv, then the wheels' files. No code of a wheel is run. */
import { checkEntryPaths } from "../../archive/index.ts";
import type { EnvironmentLock, EnvironmentRecord } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { type Fault, prettyJson, sha256Hex, sortedBy } from "../../kernel/index.ts";
import { make } from "../faults.ts";
import { readWheel, type WheelFile } from "../wheel/read-wheel.ts";
import { contentDigest } from "./content.ts";
import { type WheelPlaces, wheelBytes } from "./find-wheels.ts";
import type { EnvironmentInterpreter } from "./interpreter.ts";
import { lockDigest } from "./key.ts";
import { makeVenv } from "./venv.ts";
import { walkEnvironment } from "./walk.ts";

export interface BuildRequest extends WheelPlaces {
  readonly lock: EnvironmentLock;
  readonly interpreter: EnvironmentInterpreter;
  /** First folders that belong to the plane's packages. */
  readonly reserved_names: ReadonlySet<string>;
}

export type BuildNeeds = Pick<Effects, "fs" | "subprocess" | "signal" | "clock">;
export const RECORD_NAME = "environment.json";
const FILES_A_BREATH = 128;

/**
 * @param directory absolute; made here, and on disk when this returns
 * @throws WHEEL_*, WHEELS_OVERLAP, PYTHON_VENV_FAILED; what was made by then is the caller's to remove
 */
export async function buildEnvironment(
  effects: BuildNeeds,
  directory: string,
  request: BuildRequest,
): Promise<EnvironmentRecord> {
  const { fs } = effects;
  const { lock, interpreter } = request;
  fs.makeDirectory(directory, 0o755);
  await makeVenv(effects, `${directory}/venv`, interpreter);
  const site = `venv/${interpreter.site}`;
  const placed = new Map<string, PlacedFile>();
  for (const locked of sortedBy(lock.requirements, ({ name }) => name)) {
    effects.signal.throwIfAborted();
    const files = await readWheel(wheelBytes(effects, locked, request), {
      package_id: request.package_id,
      locked,
      tags: interpreter,
      locked_names: new Set(lock.requirements.map(({ name }) => name)),
      reserved_names: request.reserved_names,
    });
    refuseOverlap(placed, files, locked.wheel, request.package_id);
    await placeFiles(effects, `${directory}/${site}`, files, locked.wheel, placed);
  }
  const { files, links, directories } = walkEnvironment(fs, directory, ({ path, stat }) => {
    const known = path.startsWith(`${site}/`) ? placed.get(path.slice(site.length + 1)) : undefined;
    const sha256 = known?.sha256 ?? sha256Hex(fs.read(`${directory}/${path}`));
    return { path, sha256, size_bytes: stat.size_bytes, executable: stat.executable };
  });
  const record: EnvironmentRecord = {
    environment_version: 1,
    lock_digest: lockDigest(lock),
    content_digest: contentDigest(site, files),
    requirements: sortedBy(lock.requirements, ({ name }) => name),
    interpreter: {
      executable: interpreter.executable,
      version: interpreter.version,
      abi: interpreter.abi,
    },
    site,
    files,
    links,
  };
  writeFile(fs, `${directory}/${RECORD_NAME}`, Buffer.from(prettyJson(record)), 0o644);
  await fs.syncFiles([RECORD_NAME, ...files.map(({ path }) => path)].map((path) => `${directory}/${path}`));
  for (const path of directories.toReversed())
    fs.syncDirectory(path === "" ? directory : `${directory}/${path}`);
  return record;
}

interface PlacedFile {
  readonly sha256: string;
  readonly wheel: string;
}

function refuseOverlap(
  placed: ReadonlyMap<string, PlacedFile>,
  files: readonly WheelFile[],
  wheel: string,
  package_id: string,
): void {
  const paths = files.map(({ path }) => path);
  const twice = paths.find((path) => placed.has(path));
  const [clash] = twice === undefined ? checkEntryPaths([...placed.keys(), ...paths]) : [];
  const { path, other: spelling } = twice === undefined ? placesOf(clash) : { path: twice, other: twice };
  if (path === undefined) return;
  const other = placed.get(path)?.wheel ?? placed.get(spelling ?? "")?.wheel ?? wheel;
  const message = `${wheel}, locked by ${package_id}, brings ${path}, which ${other} brings as well`;
  throw make("WHEELS_OVERLAP", message, { wheel, package_id, path, other });
}

/** The path that clashes, and the one it clashes with. */
function placesOf(clash: Fault | undefined): { readonly path?: string; readonly other?: string } {
  const { path, other } = clash?.details ?? {};
  return typeof path === "string" ? { path, ...(typeof other === "string" ? { other } : {}) } : {};
}

async function placeFiles(
  { fs, clock, signal }: BuildNeeds,
  site: string,
  files: readonly WheelFile[],
  wheel: string,
  placed: Map<string, PlacedFile>,
): Promise<void> {
  const made = new Set<string>();
  for (const [index, { path, executable, read }] of files.entries()) {
    if (index % FILES_A_BREATH === 0) await clock.breathe();
    signal.throwIfAborted();
    makeFolders(fs, site, path, made);
    const bytes = await read();
    writeFile(fs, `${site}/${path}`, bytes, executable ? 0o755 : 0o644);
    placed.set(path, { sha256: sha256Hex(bytes), wheel });
  }
}

function makeFolders(fs: Effects["fs"], site: string, path: string, made: Set<string>): void {
  const parts = path.split("/").slice(0, -1);
  for (const [index] of parts.entries()) {
    const folder = parts.slice(0, index + 1).join("/");
    if (made.has(folder)) continue;
    made.add(folder);
    if (fs.stat(`${site}/${folder}`) !== undefined) continue;
    fs.makeDirectory(`${site}/${folder}`, 0o755);
    // Whoever runs the plugin, perhaps as another user, must be able to read it, whatever the umask of who installs.
    fs.setMode(`${site}/${folder}`, 0o755);
  }
}

function writeFile(fs: Effects["fs"], path: string, bytes: Uint8Array, mode: number): void {
  const file = fs.openWrite(path, { mode, how: "exclusive" });
  try {
    file.write(bytes);
  } finally {
    file.close();
  }
  if (fs.stat(path)?.mode !== mode) fs.setMode(path, mode);
}
