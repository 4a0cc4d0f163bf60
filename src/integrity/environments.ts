/** Python environments: each holds exactly what its wheels brought, and somebody needs it. */
import type { FileSystem } from "../effects/index.ts";
import {
  ENVIRONMENTS_DIRECTORY,
  type Environment,
  type EnvironmentProblem,
  environmentAt,
  environmentKeys,
  lockDigest,
  verifyEnvironment,
} from "../python/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import type { FileReader } from "./file-reader.ts";
import type { Outcome } from "./outcome.ts";

interface Needs {
  readonly fs: FileSystem;
  readonly reader: FileReader;
}

interface Need {
  readonly package_id: string;
  readonly lock_digest: string;
  /** Undefined in receipts of packages that came in another way than by an install. */
  readonly content_digest: string | undefined;
}

/** Findings told of one environment; the verdict covers the rest. */
const FINDINGS_MAX = 20;
const REBUILD = `Run "pkg gc", which drops it; the next run builds it again from the locked wheels.`;

export async function judgeEnvironments(
  effects: Needs,
  root: string,
  installed: readonly InstalledHead[],
  outcome: Outcome,
): Promise<void> {
  const { fs } = effects;
  const needs = installed.flatMap(needOf);
  const found = environmentKeys(fs, root);
  for (const key of found) await judgeOne(effects, root, key, needs, outcome);
  for (const need of needs) {
    if (found.some((key) => isFor(key, need))) continue;
    const message = `the environment of ${need.package_id} is not built`;
    const step = `Run it once, as with "pkg run": that builds it from the locked wheels.`;
    outcome.find("ENVIRONMENT_NOT_BUILT", message, step, { severity: "note", package_id: need.package_id });
  }
}

const isFor = (key: string, { lock_digest }: Need): boolean => key.startsWith(`${lock_digest.slice(0, 32)}-`);

function needOf({ manifest, receipt }: InstalledHead): Need[] {
  const { environment, package_id } = manifest;
  if (environment === undefined) return [];
  const content_digest = receipt.environment?.content_digest;
  return [{ package_id, lock_digest: lockDigest(environment), content_digest }];
}

async function judgeOne(
  { fs, reader }: Needs,
  root: string,
  key: string,
  needs: readonly Need[],
  outcome: Outcome,
): Promise<void> {
  const path = `${ENVIRONMENTS_DIRECTORY}/${key}`;
  const own = needs.filter((need) => isFor(key, need));
  const about = { owner: own[0]?.package_id, classification: "state" } as const;
  if (own.length === 0) {
    const message = `${path} is an environment no installed package locks`;
    outcome.find("ENVIRONMENT_UNNEEDED", message, `Run "pkg gc" to drop it.`, { severity: "note", path });
    return outcome.judgeRecord(path, "unowned", about);
  }
  const environment = environmentAt(fs, `${root}/${path}`, key);
  if (environment === undefined) {
    const message = `${path}/environment.json is not what was written when the environment was built`;
    outcome.find("ENVIRONMENT_DRIFT", message, REBUILD, {
      path: `${path}/environment.json`,
      package_id: about.owner,
    });
    return outcome.judgeRecord(path, "not_verifiable", about);
  }
  const problems = await problemsOf({ fs, reader }, environment, own);
  for (const one of problems.slice(0, FINDINGS_MAX))
    outcome.find("ENVIRONMENT_DRIFT", `${path}/${one.path} ${one.why}`, REBUILD, {
      path: `${path}/${one.path}`,
      package_id: about.owner,
      expected: one.expected,
      actual: one.actual,
    });
  outcome.judgeRecord(path, problems.length === 0 ? "match" : "drift", {
    ...about,
    cure: problems.length === 0 ? undefined : "pkg gc",
  });
}

/** Held against every receipt that names it: one of them alone could have been edited. */
async function problemsOf(
  { fs, reader }: Needs,
  { directory, record }: Environment,
  needs: readonly Need[],
): Promise<EnvironmentProblem[]> {
  const contents = new Set(needs.flatMap(({ content_digest }) => content_digest ?? []));
  const odd = [...contents].find((content) => content !== record.content_digest);
  const digestFiles = async (paths: readonly string[]) => {
    const readings = await reader.readAll(paths);
    return readings.map((reading) => (typeof reading === "object" ? reading : undefined));
  };
  return verifyEnvironment({ fs, digestFiles }, directory, record, odd ?? record.content_digest);
}
