/** From a report of the harness to the tests of each package in it, by the bytes that were tested. */
import type {
  EvidenceCell,
  EvidenceTest,
  GoldenReport,
  GoldenScenario,
  GoldenVerdict,
  MatrixResult,
} from "../contracts/index.ts";
import { sha256Hex } from "../kernel/index.ts";

export interface TestedPackage {
  readonly package_id: string;
  readonly version: string;
  /** sha256 of the archive. */
  readonly digest: string;
  readonly tests: readonly EvidenceTest[];
}

/** `install-twice [host holdfast@0.1.0, api 1.0.0, python 3.12.3]` */
function testName(scenario: string, { host, api, python }: EvidenceCell): string {
  const parts = [`host ${host}`, `api ${api}`, ...(python === "" ? [] : [`python ${python}`])];
  return `${scenario} [${parts.join(", ")}]`;
}

/** Scenario of what was found in a cell of the matrix. */
export const MATRIX = "matrix";
/** The host that runs everything but the cells of a matrix. */
export const OWN_HOST = "holdfast";

/** What a run or a matrix found. */
export type Findings = GoldenReport | MatrixResult;

/**
 * What a report says of itself is believed only as far as what it holds: a failure inside fails it, and what passed without
 * a step or a check has proven nothing.
 */
function provenVerdict(
  said: GoldenVerdict,
  inside: readonly GoldenVerdict[],
  { steps, checks }: { readonly steps: number; readonly checks: number },
): GoldenVerdict {
  const all = [said, ...inside];
  if (all.includes("fail")) return "fail";
  const unknown = all.find((verdict) => !isGood(verdict));
  return unknown ?? (steps > 0 && checks > 0 ? said : "not-run");
}

const isGood = (verdict: GoldenVerdict): boolean => verdict === "pass" || verdict === "refused-as-declared";

export const testsOf = (found: Findings): TestedPackage[] =>
  "cells" in found ? testsOfMatrix(found) : testsOfRun(found);

function testsOfMatrix({ package_id, versions, cells, host_digests }: MatrixResult): TestedPackage[] {
  return versions.map(({ version, digest }) => ({
    package_id,
    version,
    digest,
    tests: cells.filter((one) => one.version === version).map((one) => cellTest(one, host_digests)),
  }));
}

type Cell = MatrixResult["cells"][number];

function cellTest(one: Cell, host_digests: MatrixResult["host_digests"]): EvidenceTest {
  const host = `${one.host.name}@${one.host.version}`;
  const host_digest = Object.hasOwn(host_digests, host) ? host_digests[host] : undefined;
  return {
    name: `${MATRIX} ${one.id}`,
    scenario: MATRIX,
    canonical: false,
    // A cell has no file: what it asks is part of the harness.
    scenario_digest: sha256Hex(one.id),
    cell: { host, api: one.api, python: one.python ?? "" },
    ...(host_digest === undefined ? {} : { host_digest }),
    verdict: provenVerdict(one.verdict, insideCell(one), { steps: 1, checks: one.checks }),
    steps: 1,
    checks: one.checks,
  };
}

/** What passed gave the right answers inside its ranges, and nothing was wrong with it. */
function insideCell({ verdict, works, problems, outside, refused_by }: Cell): GoldenVerdict[] {
  const has = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
  if (verdict === "pass") {
    if (works === false || has(problems)) return ["fail"];
    return works !== true || has(outside) || typeof refused_by === "string" ? ["not-run"] : [];
  }
  return verdict === "refused-as-declared" && typeof refused_by !== "string" ? ["not-run"] : [];
}

function testsOfRun(report: GoldenReport): TestedPackage[] {
  const { host, api, python } = report.environment;
  const cell: EvidenceCell = { host: `${OWN_HOST}@${host}`, api, python: python ?? "" };
  const found = new Map<
    string,
    { package_id: string; version: string; digest: string; tests: EvidenceTest[] }
  >();
  for (const scenario of report.scenarios) {
    const test = testOf(scenario, cell);
    for (const { package_id, version, digest } of testedIn(scenario)) {
      const key = `${package_id} ${version} ${digest}`;
      const known = found.get(key) ?? { package_id, version, digest, tests: [] };
      known.tests.push(test);
      found.set(key, known);
    }
  }
  return [...found.values()];
}

/** The next version of a canonical scenario is made up: it says nothing of a real one, even of the same bytes. */
const testedIn = ({ canonical, packages }: GoldenScenario): GoldenScenario["packages"] =>
  canonical ? packages.slice(0, 1) : packages;

function testOf(scenario: GoldenScenario, cell: EvidenceCell): EvidenceTest {
  const steps = scenario.steps.length;
  const checks = scenario.steps.reduce((sum, { counts }) => sum + Math.max(0, counts["checks"] ?? 0), 0);
  const inside = scenario.steps.map(({ verdict, problems }) =>
    verdict === "pass" && problems.length > 0 ? "fail" : verdict,
  );
  return {
    name: testName(scenario.name, cell),
    scenario: scenario.name,
    canonical: scenario.canonical,
    scenario_digest: scenario.scenario_digest,
    cell,
    verdict: provenVerdict(scenario.verdict, inside, { steps, checks }),
    steps,
    checks,
  };
}
