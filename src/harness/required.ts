/** Which scenarios of `golden/` the release gate asks for, by the package they are about. */
import type { ScenarioPackage } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { writtenScenarios } from "./plan-run.ts";
import type { ScenarioFile } from "./read-scenario.ts";
import { subjectAt } from "./subjects.ts";
import { absoluteIn } from "./world/materials.ts";

export interface RequiredScenario {
  readonly name: string;
  /** As `golden run` takes it. */
  readonly path: string;
  readonly digest: string;
  readonly canonical: boolean;
}

/** @throws SCENARIO_INVALID, METADATA_SYNTAX for a scenario that cannot be read: it may be one that is required */
export async function requiredScenarios(
  effects: Pick<Effects, "fs" | "host" | "random">,
  root: string,
  package_id: string,
): Promise<RequiredScenario[]> {
  const found: RequiredScenario[] = [];
  for (const file of await writtenScenarios(effects, root)) {
    if (!file.scenario.required || !(await isAbout(effects, file, package_id))) continue;
    const { scenario, path, digest } = file;
    found.push({ name: scenario.name, path, digest, canonical: file.covers === package_id });
  }
  return found;
}

async function isAbout(
  { fs }: Pick<Effects, "fs">,
  { covers, scenario, directory }: ScenarioFile,
  package_id: string,
): Promise<boolean> {
  if (covers !== undefined) return covers === package_id;
  const idOf = async ({ source, archive }: ScenarioPackage): Promise<string | undefined> => {
    if (source !== undefined) return (await subjectAt({ fs }, absoluteIn(directory, source)))?.package_id;
    return /(PKG(?:-[A-Z0-9]+)+)[^/]*\.tar\.gz$/.exec(archive ?? "")?.[1];
  };
  const ids = await Promise.all(Object.values(scenario.packages).map(idOf));
  return ids.includes(package_id);
}
