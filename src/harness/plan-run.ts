/** What a run consists of: scenario files, and the canonical scenario of every package that has none of its own. */

import { type Scenario, ScenarioPackage, SourceMetadata } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { compactAsciiJson, type Json, refuseAll, sha256Hex } from "../kernel/index.ts";
import { canonicalScenario } from "./canonical.ts";
import { crossProblems } from "./cross-problems.ts";
import { raise } from "./faults.ts";
import { generatedFiles } from "./fixtures/generated.ts";
import { readScenario, type ScenarioFile, scenarioFaults } from "./read-scenario.ts";
import { requireSubject, type Subject, type Subjects, storedSubject, subjectAt } from "./subjects.ts";
import { absoluteIn } from "./world/materials.ts";

type Needs = Pick<Effects, "fs" | "host" | "random">;

export interface Planning {
  /** Absolute; scenarios lie in its `golden/`, sources in its `modules/`. */
  readonly root: string;
  /** Absolute; what words are relative to. */
  readonly cwd: string;
  readonly subjects: Subjects;
}

/**
 * @param words scenario files, folders of them, source folders or package ids; none means everything below the root
 * @throws SUBJECT_UNKNOWN, SCENARIO_INVALID, METADATA_SYNTAX, NOTHING_TO_RUN
 */
export async function planRun(
  effects: Needs,
  words: readonly string[],
  planning: Planning,
): Promise<readonly ScenarioFile[]> {
  const planned =
    words.length === 0
      ? await everything(effects, planning)
      : (await Promise.all(words.map((word) => named(effects, word, planning)))).flat();
  if (planned.length === 0)
    raise("NOTHING_TO_RUN", `${planning.root} has neither golden/*.toml nor a package in modules/`, {
      path: planning.root,
    });
  return planned;
}

async function everything(effects: Needs, planning: Planning): Promise<ScenarioFile[]> {
  const written = await writtenScenarios(effects, planning.root);
  const covered = new Set(written.flatMap(({ covers }) => covers ?? []));
  const rest = [...planning.subjects.values()].filter(({ package_id }) => !covered.has(package_id));
  return [...written, ...rest.map((subject) => canonicalOf(subject))];
}

/** Every scenario of `golden/`, where there is such a folder. */
export const writtenScenarios = (effects: Pick<Effects, "fs">, root: string): Promise<ScenarioFile[]> =>
  folderOf(effects, `${root}/golden`, "golden");

async function named(effects: Needs, word: string, planning: Planning): Promise<ScenarioFile[]> {
  const path = absoluteIn(planning.cwd, word);
  const kind = effects.fs.stat(path)?.kind;
  if (kind === "file") return [await scenarioAt(effects, path, word)];
  if (kind === "directory") {
    const subject = await subjectAt(effects, path);
    if (subject !== undefined) return [canonicalOf(subject)];
    const found = await folderOf(effects, path, word);
    if (found.length > 0) return found;
  }
  const stored = await storedSubject(effects, planning.root, word);
  return [canonicalOf(stored ?? requireSubject(planning.subjects, word))];
}

async function folderOf(effects: Pick<Effects, "fs">, path: string, shown: string): Promise<ScenarioFile[]> {
  if (effects.fs.stat(path)?.kind !== "directory") return [];
  const names = effects.fs.list(path).filter(({ name, kind }) => kind === "file" && isScenarioName(name));
  return Promise.all(names.map(({ name }) => scenarioAt(effects, `${path}/${name}`, `${shown}/${name}`)));
}

/** Beside scenarios lie matrices and what was waived of them. */
export const isScenarioName = (name: string): boolean =>
  name.endsWith(".toml") && !name.endsWith(".matrix.toml") && name !== "waivers.toml";

/** A scenario that asks for the canonical steps gets them from its package. */
async function scenarioAt(effects: Pick<Effects, "fs">, path: string, shown: string): Promise<ScenarioFile> {
  const file = await readScenario(effects, path, shown);
  const { canonical, packages } = file.scenario;
  if (canonical === undefined) return file;
  const given = packages[canonical];
  const folder = given?.source === undefined ? undefined : absoluteIn(file.directory, given.source);
  const subject = folder === undefined ? undefined : await subjectAt(effects, folder);
  if (given === undefined || subject === undefined)
    return raise(
      "SCENARIO_PACKAGE",
      `${shown}: package "${canonical}" has no source that declares a package`,
      {
        path: shown,
        package: canonical,
      },
    );
  const scenario = canonicalScenario({ ...subject, package: given }, file.scenario);
  // The steps are known now, so what speaks of them can be judged. Settings went into them.
  const { canonical: _, ...expanded } = { ...scenario, settings: {} };
  refuseAll(await scenarioFaults(effects.fs.readText(path), shown, crossProblems(expanded)));
  return { ...file, scenario, covers: subject.package_id };
}

function canonicalOf(subject: Subject): ScenarioFile {
  const scenario = canonicalScenario({
    ...subject,
    package: ScenarioPackage.parse(
      subject.archive === undefined ? { source: subject.folder } : { archive: subject.archive },
    ),
  });
  return {
    scenario,
    path: subject.package_id,
    directory: subject.folder,
    digest: sha256Hex(Buffer.from(compactAsciiJson(portable(scenario)))),
    covers: subject.package_id,
  };
}

/** The canonical scenario of a package made up for it: a plugin with a configuration and a health check. */
export function generatedFile(): ScenarioFile {
  const made = ScenarioPackage.parse({ generate: { name: "generated", plugin: true } });
  const metadata = generatedMetadata("generated");
  const { id: package_id = "", version = "" } = metadata;
  const scenario = canonicalScenario({ package_id, version, metadata, package: made });
  return { scenario, path: "generated", directory: "/", digest: sha256Hex(Buffer.from("generated")) };
}

/** What a plugin made up under a name declares. */
export function generatedMetadata(name: string): SourceMetadata {
  const text = generatedFiles(name, "1.0.0", { files: 1, size_bytes: 1, plugin: true }).get("package.json");
  const { holdfast } = JSON.parse(text ?? "{}") as { holdfast: unknown };
  return SourceMetadata.parse(holdfast);
}

/** Without where the source lies on this machine. */
const portable = (scenario: Scenario): Json =>
  JSON.parse(JSON.stringify({ ...scenario, packages: Object.keys(scenario.packages) })) as Json;

/** Absolute paths of the archives they take packages from. */
export const storedIn = (planned: readonly ScenarioFile[]): string[] =>
  planned.flatMap(({ scenario, directory }) =>
    Object.values(scenario.packages).flatMap(({ archive }) =>
      archive === undefined ? [] : [absoluteIn(directory, archive)],
    ),
  );
