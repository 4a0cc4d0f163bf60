/** One package, one world, every kind of change, a failure at every point. */
import { type GoldenFailures, RecordedApi, type ScenarioPackage } from "../../contracts/index.ts";
import { CATALOGUE, PHASES } from "../../effects/failpoints/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Driver } from "../driver.ts";
import { type RecordedApis, serveApis } from "../fixtures/recorded-apis.ts";
import type { ScenarioFile } from "../read-scenario.ts";
import type { Subjects } from "../subjects.ts";
import { writeMaterial } from "../world/materials.ts";
import { endWorld, makeWorld, type World } from "../world/world.ts";
import { type FailureRun, type Found, runFailures } from "./run-failures.ts";
import { stagesOf } from "./tour.ts";

type Needs = Pick<Effects, "fs" | "host" | "random" | "clock" | "signal" | "sockets">;

interface Asked {
  readonly driver: Driver;
  readonly subjects: Subjects;
  readonly every: boolean;
  readonly onPoint: FailureRun["onPoint"];
}

/** Not packed before the tour comes to packing. */
const LATER = "later";
const SERVED = "archives.example.org";

/** @param file the canonical scenario of the package @throws WORLD_FAILED, SCENARIO_PACKAGE */
export async function failEverywhere(
  effects: Needs,
  file: ScenarioFile,
  { driver, subjects, every, onPoint }: Asked,
): Promise<GoldenFailures> {
  const from_ms = effects.clock.elapsed_ms();
  let world: World | undefined;
  const apis: RecordedApis[] = [];
  try {
    const recorded = await serveApis(effects, file.scenario.apis, file.directory);
    apis.push(recorded);
    world = await makeWorld(effects, file, { driver, subjects, apis: recorded });
    const served = await serveApis(effects, [archiveOf(world)], `${world.place.root}/packages_store`);
    apis.push(served);
    const url = `http://127.0.0.1:${served.names.get(SERVED)}/now.tar.gz`;
    const unpacked = (await writeMaterial(effects, withLater(file), LATER, `${world.folder}/sources`)).path;
    const stages = stagesOf(effects, { world, driver, url, unpacked });
    const done = await runFailures(effects, { world, driver, stages, every, onPoint });
    return {
      schema_version: "1.0",
      subject: file.scenario.name,
      duration_ms: Math.round(effects.clock.elapsed_ms() - from_ms),
      totals: totalsOf(done),
      ...done,
    };
  } finally {
    for (const one of apis) one.close();
    if (world !== undefined) endWorld(effects, world);
  }
}

function archiveOf({ packages }: World): RecordedApi {
  const now = packages.get("now");
  const file = `${now?.package_id}-${now?.version}.tar.gz`;
  return RecordedApi.parse({ domain: SERVED, answers: [{ path: "/now.tar.gz", file }] });
}

function withLater(file: ScenarioFile): ScenarioFile {
  const { now } = file.scenario.packages;
  const later: ScenarioPackage | undefined = now === undefined ? undefined : { ...now, version: "99.0.0" };
  const packages = later === undefined ? {} : { [LATER]: later };
  return { ...file, scenario: { ...file.scenario, packages } };
}

function totalsOf({ failures, uncovered, uncovered_phases }: Found): GoldenFailures["totals"] {
  const ended = (how: string): number => failures.filter((one) => one.ended === how).length;
  const points = CATALOGUE.length;
  return {
    injected: failures.length,
    points,
    covered: points - uncovered.length,
    phases: Object.keys(PHASES).length - uncovered_phases.length,
    prior: ended("prior"),
    new: ended("new"),
    neither: ended("neither"),
    failed: failures.filter(({ problems }) => problems.length > 0).length,
  };
}
