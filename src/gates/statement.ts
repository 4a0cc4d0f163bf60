/** The statement that is signed: its exact bytes, and reading it again. */
import { type EvidenceTest, TEST_RESULT_TYPE, TestResultStatement } from "../contracts/index.ts";
import { compactAsciiJson, type Json, type JsonTree, sha256Hex } from "../kernel/index.ts";
import type { Findings, TestedPackage } from "./report-tests.ts";

export interface Stated {
  readonly bytes: Uint8Array;
  readonly result: "PASSED" | "WARNED" | "FAILED";
}

const isPassed = ({ verdict }: EvidenceTest): boolean =>
  verdict === "pass" || verdict === "refused-as-declared";
/** What could not be run says nothing, so it is neither passed nor failed; the whole did not pass then. */
const isFailed = ({ verdict }: EvidenceTest): boolean => verdict === "fail";

/** One statement a package: its result is that package's own, whatever else the run did. */
export function testResult(report: Findings, tested: TestedPackage): Stated {
  const { package_id, version, digest, tests } = tested;
  const { harness, environment, began_at, duration_ms } = report;
  const result = tests.length > 0 && tests.every(isPassed) ? "PASSED" : "FAILED";
  const programs_digest = "cells" in report ? report.programs_digest : undefined;
  const scenarios = new Map(tests.map((one) => [one.scenario, one.scenario_digest]));
  const statement: Json = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: `${package_id}-${version}.tar.gz`, digest: { sha256: digest } }],
    predicateType: TEST_RESULT_TYPE,
    predicate: {
      result,
      configuration: [
        { name: `harness holdfast ${harness.version}`, digest: { sha256: harness.digest } },
        ...(programs_digest === undefined
          ? []
          : [{ name: "programs of the matrix", digest: { sha256: programs_digest } }]),
        ...[...scenarios].map(([name, sha256]) => ({ name: `scenario ${name}`, digest: { sha256 } })),
      ],
      passedTests: tests.filter(isPassed).map(({ name }) => name),
      warnedTests: [],
      failedTests: tests.filter(isFailed).map(({ name }) => name),
      holdfast_golden: {
        package_id,
        version,
        harness: { version: harness.version, digest: harness.digest },
        ...(programs_digest === undefined ? {} : { programs_digest }),
        platform: { os: environment.os, arch: environment.arch, node: environment.node },
        began_at,
        duration_ms,
        report_digest: sha256Hex(compactAsciiJson(report as JsonTree)),
        tests: tests.map((one) => ({ ...one, cell: { ...one.cell } })),
      },
    },
  };
  return { bytes: Buffer.from(compactAsciiJson(statement)), result };
}

/** Undefined for anything but a test result of ours. */
export function readTestResult(payload: Uint8Array): TestResultStatement | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    const parsed = TestResultStatement.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
