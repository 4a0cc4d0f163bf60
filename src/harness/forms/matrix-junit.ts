/**
 * A matrix as JUnit XML: a suite a version and host program, a test case a cell. What was not run is an error where nobody answers
 * for it: servers take what is skipped for green.
 */
import type { GoldenMatrix, MatrixCell } from "../../contracts/index.ts";
import { xmlText } from "../../reports/index.ts";
import { problemElement, seconds, timestampOf } from "./junit.ts";
import { generalFindings } from "./matrix-facts.ts";

interface Case {
  readonly name: string;
  readonly duration_ms: number;
  /** Undefined where it passed. */
  readonly kind?: "failure" | "error" | "skipped";
  /** Lines of markup. */
  readonly inner: readonly string[];
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

export function matrixJunit(matrix: GoldenMatrix): string {
  const by_suite = Map.groupBy(
    matrix.cells,
    ({ version, host }) => `${matrix.package_id} ${version} ${host.name}@${host.version}`,
  );
  const suites: Suite[] = [...by_suite].map(([name, cells]) => ({ name, cases: cells.map(cellCase) }));
  const general = generalFindings(matrix).filter(({ severity }) => severity === "error");
  if (general.length > 0) {
    const cases = general.map((one) => ({
      name: `${one.code} ${one.subject}`,
      duration_ms: 0,
      kind: "error" as const,
      inner: problemElement("error", [one]),
    }));
    suites.push({ name: `${matrix.package_id} findings`, cases });
  }
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="golden matrix" ${numbersOf(all)} time="${seconds(matrix.duration_ms)}">`,
    ...suites.flatMap((one) => suiteLines(one, matrix)),
    "</testsuites>",
    "",
  ].join("\n");
}

function cellCase({ api, python, duration_ms, verdict, waived, problems }: MatrixCell): Case {
  const head = { name: `api@${api}${python === null ? "" : ` python@${python}`}`, duration_ms };
  if (waived !== null) {
    const why = `waived by ${waived.owner} until ${waived.expires}: ${waived.reason}`;
    return { ...head, kind: "skipped", inner: [`      <skipped message="${xmlText(why)}"/>`] };
  }
  if (verdict === "fail") return { ...head, kind: "failure", inner: problemElement("failure", problems) };
  if (verdict === "infra-failure" || verdict === "not-run")
    return { ...head, kind: "error", inner: problemElement("error", problems, verdict) };
  return { ...head, inner: [] };
}

function numbersOf(cases: readonly Case[]): string {
  const count = (kind: Case["kind"]): number => cases.filter((one) => one.kind === kind).length;
  return `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
}

function suiteLines({ name, cases }: Suite, { began_at }: GoldenMatrix): string[] {
  const took_ms = cases.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  return [
    `  <testsuite name="${xmlText(name)}" ${numbersOf(cases)} time="${seconds(took_ms)}" timestamp="${timestampOf(began_at)}">`,
    ...cases.flatMap((one) => {
      const open = `    <testcase classname="${xmlText(name)}" name="${xmlText(one.name)}" time="${seconds(one.duration_ms)}"`;
      return one.inner.length === 0 ? [`${open}/>`] : [`${open}>`, ...one.inner, "    </testcase>"];
    }),
    "  </testsuite>",
  ];
}
