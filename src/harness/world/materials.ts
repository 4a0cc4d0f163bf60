/** Sources of the packages of a scenario, written into the world: copied, edited, under the version asked for, or made up. */
import type { ScenarioPackage, SourceMetadata } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { inspectSource } from "../../metadata/index.ts";
import { make } from "../faults.ts";
import { BROKEN_WAYS, generatedFiles } from "../fixtures/generated.ts";
import type { ScenarioFile } from "../read-scenario.ts";
import type { Subject, Subjects } from "../subjects.ts";
import { unpackSource } from "./archive-source.ts";
import { copyTree, makeFolders, writeText } from "./folder.ts";

export interface Material {
  readonly handle: string;
  /** Absolute folder to pack. */
  readonly path: string;
  readonly package_id: string;
  readonly version: string;
  readonly metadata: SourceMetadata;
  /** What packing it must give: the bytes of the archive it was taken from. */
  readonly expected_digest?: string;
}

/** @throws SCENARIO_PACKAGE */
export async function writeMaterial(
  { fs }: Pick<Effects, "fs">,
  file: Pick<ScenarioFile, "scenario" | "directory" | "path">,
  handle: string,
  into: string,
): Promise<Material> {
  const wanted = file.scenario.packages[handle];
  const refuse: Refuse = (problem) => {
    throw make("SCENARIO_PACKAGE", `${file.path}: package "${handle}" ${problem}`, {
      path: file.path,
      package: handle,
    });
  };
  if (wanted === undefined) return refuse("is not in the scenario");
  const written = await writeFiles(fs, wanted, { directory: file.directory, handle, into }, refuse);
  const { folder } = written;
  for (const edit of wanted.edits) applyEdit(fs, folder, edit, refuse);
  const { version: later } = wanted;
  if (later !== undefined && wanted.generate === undefined && !(await setVersion(fs, folder, later)))
    return refuse("names no version that could be replaced");
  const { metadata, problems } = await inspectSource(fs, folder);
  const { id, version } = metadata ?? {};
  if (metadata === undefined || id === undefined || version === undefined)
    return refuse(problems[0]?.message ?? "declares no id and version");
  const is_same = wanted.version === undefined && wanted.edits.length === 0;
  return {
    handle,
    path: folder,
    package_id: id,
    version,
    metadata,
    ...(is_same && written.digest !== undefined ? { expected_digest: written.digest } : {}),
  };
}

type Refuse = (problem: string) => never;

/** The folder keeps the name it has: the default target is named after it. */
async function writeFiles(
  fs: Effects["fs"],
  wanted: ScenarioPackage,
  { directory, handle, into }: { readonly directory: string; readonly handle: string; readonly into: string },
  refuse: Refuse,
): Promise<{ readonly folder: string; readonly digest?: string }> {
  if (wanted.archive !== undefined) {
    const unpacked = await unpackSource({ fs }, absoluteIn(directory, wanted.archive), `${into}/${handle}`);
    return typeof unpacked === "string" ? refuse(unpacked) : unpacked;
  }
  if (wanted.source === undefined) {
    const name = wanted.generate?.name ?? handle;
    const made = `${into}/${handle}/${name.replaceAll(/[.-]/g, "_")}`;
    writeGenerated(fs, { handle, folder: made }, wanted, refuse);
    return { folder: made };
  }
  const from = absoluteIn(directory, wanted.source);
  const folder = `${into}/${handle}/${from.slice(from.lastIndexOf("/") + 1)}`;
  if (fs.stat(from)?.kind !== "directory") return refuse(`has no source at ${wanted.source}`);
  if (copyTree(fs, from, folder) === 0) return refuse("has a source without files");
  return { folder };
}

function applyEdit(
  fs: Effects["fs"],
  folder: string,
  { path, find, replace }: ScenarioPackage["edits"][number],
  refuse: Refuse,
): void {
  const at = `${folder}/${path}`;
  const text = fs.stat(at)?.kind === "file" ? fs.readText(at) : undefined;
  if (text?.includes(find) !== true) return refuse(`has no "${find}" in ${path} to replace`);
  // The text stands for itself: "$&" is no pattern here.
  writeText(
    fs,
    at,
    text.replace(find, () => replace),
  );
}

export const absoluteIn = (directory: string, path: string): string =>
  normal(path.startsWith("/") ? path : `${directory}/${path}`);

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Where the metadata itself says it: a version inside a dependency is another's. False where it says none. */
async function setVersion(fs: Effects["fs"], folder: string, version: string): Promise<boolean> {
  const { metadata, locate } = await inspectSource(fs, folder);
  // What cannot be read is told by whoever reads it next.
  if (metadata === undefined || metadata.version === version) return true;
  const [place] = await locate(["/version"]);
  if (metadata.version === undefined || place === undefined) return false;
  const at = `${folder}/${place.path}`;
  const lines = fs.readText(at).split("\n");
  const line = lines[place.line - 1] ?? "";
  const [before, after] = [line.slice(0, place.column - 1), line.slice(place.column - 1)];
  const next = after.replace(/^(["'])[^"']*\1/, () => JSON.stringify(version));
  if (next === after) return false;
  lines[place.line - 1] = before + next;
  writeText(fs, at, lines.join("\n"));
  return true;
}

/** @param refuse for a way to be broken that nobody knows */
function writeGenerated(
  fs: Effects["fs"],
  { handle, folder }: { readonly handle: string; readonly folder: string },
  { generate, version = "1.0.0" }: ScenarioPackage,
  refuse: Refuse,
): void {
  if (generate === undefined) return;
  const { broken } = generate;
  if (broken !== undefined && !Object.hasOwn(BROKEN_WAYS, broken))
    refuse(`cannot be broken by "${broken}"; there are ${Object.keys(BROKEN_WAYS).join(", ")}`);
  makeFolders(fs, folder);
  // Two versions of one package are two handles, so the name is that of the package.
  for (const [path, text] of generatedFiles(generate.name ?? handle, version, generate))
    writeGeneratedFile(fs, `${folder}/${path}`, text);
}

function writeGeneratedFile(fs: Effects["fs"], path: string, text: string): void {
  makeFolders(fs, path.slice(0, path.lastIndexOf("/")));
  writeText(fs, path, text, text.startsWith("#!") ? 0o755 : 0o644);
}

/** Dependencies that the scenario does not name itself, from what is known, each once, dependencies first. */
export function missingDependencies(
  materials: readonly Pick<Material, "package_id" | "metadata">[],
  subjects: Subjects,
) {
  const have = new Set(materials.map(({ package_id }) => package_id));
  const found: Subject[] = [];
  const visit = (metadata: SourceMetadata): void => {
    for (const { id } of metadata.dependencies ?? []) {
      const subject = subjects.get(id);
      if (have.has(id) || subject === undefined) continue;
      have.add(id);
      visit(subject.metadata);
      found.push(subject);
    }
  };
  for (const { metadata } of materials) visit(metadata);
  return found;
}
