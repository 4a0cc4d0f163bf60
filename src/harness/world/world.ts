/** A world: a plane of its own with a home of its own, its people, and the packages of one scenario in its store. */
import type { Effects } from "../../effects/index.ts";
import { SECRET_VARIABLE } from "../default-settings.ts";
import type { Answer, Call, Driver, Place } from "../driver.ts";
import { make } from "../faults.ts";
import type { RecordedApis } from "../fixtures/recorded-apis.ts";
import { type Before, runningNow } from "../oracle/processes.ts";
import { Snapshots } from "../oracle/snapshot.ts";
import type { ScenarioFile } from "../read-scenario.ts";
import type { Subject, Subjects } from "../subjects.ts";
import { unpackSource } from "./archive-source.ts";
import { configurePlane } from "./configure-plane.ts";
import { copyTree, makeFolder, makeFolders, removeTree } from "./folder.ts";
import { absoluteIn, type Material, missingDependencies, writeMaterial } from "./materials.ts";

export interface Packed extends Material {
  /** sha256 of the archive. */
  readonly digest: string;
}

export interface World {
  readonly folder: string;
  readonly place: Place;
  /** Who asks, and who stands for what is above a profile. */
  readonly tokens: { readonly operator: string; readonly approver: string };
  /** By handle. */
  readonly packages: ReadonlyMap<string, Packed>;
  readonly snapshots: Snapshots;
  /** Bytes that may stand in no file and no answer. */
  readonly secrets: readonly string[];
  readonly mark: string;
  /** What ran before there was this world. */
  readonly before: Before;
  readonly apis: RecordedApis;
  readonly plane_uid: string;
}

type Needs = Pick<Effects, "fs" | "host" | "random" | "clock">;

export interface Making {
  readonly driver: Driver;
  readonly subjects: Subjects;
  readonly apis: RecordedApis;
  /** Folder for passing files, where not each world has one: which wall holds is proven anew for each. */
  readonly temporary?: string;
}

/** @throws WORLD_FAILED, SCENARIO_PACKAGE; nothing is left of a world that could not be made */
export async function makeWorld(effects: Needs, file: ScenarioFile, making: Making): Promise<World> {
  const folder = makeFolder(effects);
  try {
    return await furnish(effects, file, making, folder);
  } catch (error) {
    removeTree(effects.fs, folder);
    throw error;
  }
}

async function furnish(effects: Needs, file: ScenarioFile, making: Making, folder: string): Promise<World> {
  const { fs, host, clock } = effects;
  const { driver, subjects, apis } = making;
  const mark = `HOLDFAST_GOLDEN=${folder.slice(folder.lastIndexOf("-") + 1)}`;
  const [name = "", value = ""] = mark.split("=");
  const before = runningNow(effects);
  const planted = `planted-${effects.random.hex(16)}`;
  for (const part of ["home", "plane", "sources", "tmp"]) fs.makeDirectory(`${folder}/${part}`);
  const place: Place = {
    root: `${folder}/plane`,
    cwd: folder,
    env: {
      PATH: host.env["PATH"] ?? "",
      HOME: `${folder}/home`,
      ...temporaryIn(making.temporary ?? `${folder}/tmp`),
      HOLDFAST_HOME: `${folder}/home/.holdfast`,
      LC_ALL: "C.UTF-8",
      [name]: value,
      // What a plugin is given as a secret where its configuration wants one.
      [SECRET_VARIABLE]: planted,
    },
    names: apis.names,
    ahead_ms: file.scenario.now === undefined ? 0 : Date.parse(file.scenario.now) - clock.now_ms(),
  };
  const made = await must(driver, place, {
    operation: "init",
    input: { directory: place.root, name: "golden" },
  });
  const operator = fs.readText(String(made["token_file"])).trim();
  const issued = await must(driver, place, {
    operation: "auth issue",
    input: { user: "approver", role: "admin" },
    token: operator,
  });
  const approver = String(issued["token"]);
  const packages = await packAll(effects, file, { driver, subjects, place, token: operator, folder });
  await configurePlane(effects, file.scenario, { driver, place, token: operator });
  return {
    folder,
    place,
    tokens: { operator, approver },
    packages,
    snapshots: new Snapshots(effects, [
      { name: "plane", path: place.root },
      { name: "home", path: `${folder}/home` },
      { name: "tmp", path: `${folder}/tmp` },
    ]),
    secrets: [operator, approver, planted],
    mark,
    before,
    apis,
    plane_uid: String(made["plane_uid"]),
  };
}

/** A socket in a private folder below it must have a name the kernel takes (108 bytes); /tmp is used where it would not. */
const temporaryIn = (path: string): Record<string, string> =>
  Buffer.byteLength(path) <= TEMPORARY_BYTES_MAX ? { TMPDIR: path } : {};

const TEMPORARY_BYTES_MAX = 56;

interface Workshop {
  readonly driver: Driver;
  readonly subjects: Subjects;
  readonly place: Place;
  readonly token: string;
  readonly folder: string;
}

async function packAll(
  { fs }: Pick<Effects, "fs">,
  file: ScenarioFile,
  { driver, subjects, place, token, folder }: Workshop,
): Promise<ReadonlyMap<string, Packed>> {
  const materials: Material[] = [];
  for (const handle of Object.keys(file.scenario.packages))
    materials.push(await writeMaterial({ fs }, file, handle, `${folder}/sources`));
  const needed = missingDependencies(materials, subjects);
  for (const { folder: from, metadata } of [...needed, ...originsOf(file, materials)])
    bringGovernance(fs, from, metadata.spec_id, place.root);
  for (const subject of needed) {
    const src = await bringDependency(fs, subject, `${folder}/sources`);
    await must(driver, place, { operation: "pack", input: { src }, token });
  }
  const packed = new Map<string, Packed>();
  for (const material of materials) {
    const done = await must(driver, place, { operation: "pack", input: { src: material.path }, token });
    const digest = String(done["digest"]);
    if (material.expected_digest !== undefined && material.expected_digest !== digest)
      throw make(
        "SCENARIO_PACKAGE",
        `${file.path}: the archive of ${material.package_id} has other bytes than its own contents give when packed: ${material.expected_digest}, not ${digest}`,
        { path: file.path, package: material.handle },
      );
    packed.set(material.handle, { ...material, digest });
  }
  return packed;
}

/** @returns the folder to pack */
async function bringDependency(fs: Effects["fs"], subject: Subject, into: string): Promise<string> {
  const { package_id, folder, archive } = subject;
  const target = `${into}/${package_id.toLowerCase()}`;
  if (archive === undefined) {
    const copy = `${target}/${folder.slice(folder.lastIndexOf("/") + 1)}`;
    copyTree(fs, folder, copy);
    return copy;
  }
  const unpacked = await unpackSource({ fs }, archive, target);
  if (typeof unpacked !== "string") return unpacked.folder;
  throw make("SCENARIO_PACKAGE", `${archive}: "${package_id}" ${unpacked}`, {
    path: archive,
    package: package_id,
  });
}

/** Where the sources came from: specs stand beside them. */
const originsOf = ({ scenario, directory }: ScenarioFile, materials: readonly Material[]) =>
  materials.map(({ handle, metadata }) => ({
    folder: absoluteIn(
      directory,
      scenario.packages[handle]?.source ?? scenario.packages[handle]?.archive ?? ".",
    ),
    metadata,
  }));

/** The spec a package implements, from the nearest folder above its source that has it. */
function bringGovernance(fs: Effects["fs"], from: string, spec_id: string | undefined, root: string): void {
  if (spec_id === undefined || fs.stat(`${root}/specs/${spec_id}`) !== undefined) return;
  for (let at = from; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const spec = `${at}/specs/${spec_id}`;
    if (fs.stat(spec)?.kind !== "directory") continue;
    makeFolders(fs, `${root}/specs`);
    copyTree(fs, spec, `${root}/specs/${spec_id}`);
    return;
  }
}

/** What a scenario wants installed before its first step. @returns whether there was any @throws WORLD_FAILED */
export async function installBefore(
  driver: Driver,
  { place, packages, tokens }: Pick<World, "place" | "packages" | "tokens">,
  { before }: Pick<ScenarioFile["scenario"], "before">,
): Promise<boolean> {
  const ids = before.map((handle) => {
    const found = packages.get(handle);
    if (found === undefined) throw new Error(`package ${handle} of the scenario was not packed`);
    return `${found.package_id}@${found.version}`;
  });
  if (ids.length === 0) return false;
  await must(driver, place, { operation: "install", input: { ids }, token: tokens.operator });
  return true;
}

/** The document of an operation that must succeed for there to be a world at all. @throws WORLD_FAILED */
async function must(driver: Driver, place: Place, call: Call): Promise<Record<string, unknown>> {
  const answer: Answer = await driver.within(place, call);
  if (answer.exit_code === 0) return answer.document as Record<string, unknown>;
  const { code = "BUG", message = "it exited without saying why" } = answer.fault ?? {};
  throw make(
    "WORLD_FAILED",
    `the plane under test could not be made: ${call.operation}: ${message} [${code}]`,
    {
      operation: call.operation,
      code,
    },
  );
}

export function endWorld({ fs }: Pick<Effects, "fs">, { folder }: Pick<World, "folder">): void {
  // What was stopped in the middle may write its last while it is taken away.
  for (let tries = 1; fs.stat(folder) !== undefined; tries++) {
    try {
      removeTree(fs, folder);
    } catch (error) {
      if (tries === REMOVALS_MAX) throw error;
    }
  }
}

const REMOVALS_MAX = 20;
