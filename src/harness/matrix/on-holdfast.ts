/** One cell on the product itself: a short life in a plane of its own, with the chosen Python first on the PATH. */
import type { GoldenScenario, Scenario, ScenarioStep } from "../../contracts/index.ts";
import { Expectation } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { canonicalScenario } from "../canonical.ts";
import { problem } from "../problems.ts";
import { type Running, runScenario } from "../run-scenario.ts";
import type { Attempt } from "./attempt.ts";
import type { Cell } from "./on-host.ts";

type Needs = Parameters<typeof runScenario>[0];

export interface OwnRunning extends Pick<Running, "subjects" | "remove"> {
  readonly temporary: string;
  /** Absolute path, links resolved, of the Python that planes with these variables use. */
  readonly pythonIn: (env: Effects["host"]["env"]) => Promise<string | undefined>;
}

export async function attemptOnHoldfast(effects: Needs, cell: Cell, running: OwnRunning): Promise<Attempt> {
  const { point, host, interpreters, version, driver } = cell;
  const nothing = { refused_by: null, works: null, interpreter: null, checks: 1, problems: [], broken: [] };
  if (!host.apis.includes(point.api)) return { ...nothing, refused_by: "host" };
  const { python } = interpreters;
  const uses_python = version.metadata.plugin?.runtime === "python" && python !== undefined;
  const around = uses_python ? withPython(effects, python) : effects;
  if (uses_python) {
    const used = await running.pythonIn(around.host.env);
    if (used !== effects.fs.realPath(python))
      return {
        ...nothing,
        broken: [
          problem(
            "HOST",
            `a plane would run it with ${used ?? "no Python"}, not with ${python}`,
            { subject: python },
            `Run "golden matrix" with ${python} first on the PATH.`,
          ),
        ],
      };
  }
  const is_inside = point.outside.length === 0;
  const scenario = is_inside ? lifeOf(cell) : refusalOf(cell);
  const file = {
    scenario,
    path: version.package_id,
    directory: version.directory,
    digest: version.digest,
  };
  const { subjects, temporary, remove } = running;
  const more = remove === undefined ? {} : { remove };
  const done = await runScenario(around, file, { driver, subjects, temporary, ...more });
  const digest = done.packages[0]?.digest;
  if (digest !== undefined && digest !== version.digest)
    return { ...nothing, broken: [otherBytes(cell, digest)] };
  return attemptOf(done, is_inside, uses_python ? effects.fs.realPath(python) : interpreters.node);
}

const otherBytes = ({ version }: Cell, digest: string) =>
  problem(
    "HOST",
    `the plane packed other bytes of ${version.package_id} ${version.version}`,
    { expected: version.digest, actual: digest },
    "Let nobody change the source while the matrix runs.",
  );

function attemptOf(done: GoldenScenario, is_inside: boolean, interpreter: string): Attempt {
  const steps = done.steps.filter(({ verdict }) => verdict !== "not-run");
  const all = steps.flatMap(({ id, problems }) =>
    problems.map((one) => ({ ...one, message: `${id}: ${one.message}` })),
  );
  const is_broken = done.verdict === "infra-failure";
  const is_good = done.verdict === "pass";
  return {
    refused_by: !is_inside && is_good ? "install" : null,
    works: is_inside ? is_good : null,
    interpreter: is_inside ? interpreter : null,
    checks: steps.reduce((sum, { counts }) => sum + (counts["checks"] ?? 0), 0),
    problems: is_broken ? [] : all,
    broken: is_broken ? all : [],
  };
}

/** From preflight to the last answer, and out again. */
function lifeOf({ version }: Cell): Scenario {
  const whole = canonicalScenario({
    package_id: version.package_id,
    version: version.version,
    metadata: version.metadata,
    package: { ...version.source, version: version.source.version ?? version.version },
  });
  const update = whole.steps.findIndex((step) => step.do === "update");
  const last = whole.steps.at(-1);
  const steps = [...whole.steps.slice(0, update), ...(last === undefined ? [] : [last])];
  return { ...whole, packages: firstOf(whole), settings: version.settings, steps };
}

function firstOf({ packages }: Scenario): Scenario["packages"] {
  const [first] = Object.entries(packages);
  return first === undefined ? {} : { [first[0]]: first[1] };
}

/** Outside its ranges it must be refused, and nothing may change. */
function refusalOf(cell: Cell): Scenario {
  const life = lifeOf(cell);
  const handle = Object.keys(life.packages)[0] ?? "";
  const install: ScenarioStep = {
    do: "install",
    packages: [handle],
    dry_run: false,
    expect: { ...Expectation.parse({}), exit_code: 3, fault: "COMPAT_UNMET", state: { [handle]: "absent" } },
  };
  return { ...life, steps: [install] };
}

/** Its own folder first; where it has another name there, that folder is no help, and the check above says so. */
const withPython = (effects: Needs, python: string): Needs => ({
  ...effects,
  host: {
    ...effects.host,
    env: {
      ...effects.host.env,
      PATH: `${python.slice(0, python.lastIndexOf("/"))}:${effects.host.env["PATH"] ?? ""}`,
    },
  },
});
