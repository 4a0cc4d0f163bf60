/** What a scenario expects of a step, held against what was seen. */
import type { Expectation, GoldenProblem } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { matchesGlob } from "../../metadata/index.ts";
import { readRegistry } from "../../registry/index.ts";
import type { Answer } from "../driver.ts";
import { errorsIn } from "../findings.ts";
import { isRecord, type Mismatch, subsetMismatches, valueAt } from "../json-match.ts";
import { problem } from "../problems.ts";
import { packed } from "../steps/calls.ts";
import type { World } from "../world/world.ts";
import type { Observed } from "./observe.ts";

export interface Judged {
  readonly problems: readonly GoldenProblem[];
  /** How many statements were held against what was seen. */
  readonly checks: number;
}

interface Case {
  readonly world: World;
  readonly expect: Expectation;
  readonly answer: Answer;
  readonly observed: Observed;
}

export function judgeExpectations({ fs }: Pick<Effects, "fs">, given: Case): Judged {
  const parts = [
    judgeEnd(given),
    judgeState(given),
    judgePlugins(given),
    judgeFiles(given),
    judgeRows(fs, given),
    judgeEvents(given),
    judgeOutput(given),
  ];
  return {
    problems: parts.flatMap(({ problems }) => problems),
    checks: parts.reduce((sum, { checks }) => sum + checks, 0),
  };
}

function judgeEnd({ expect, answer }: Case): Judged {
  const { code, message, next_step } = reasonOf(answer);
  const why = message === "" ? "" : `: ${message}`;
  const problems: GoldenProblem[] = [];
  if (answer.exit_code !== expect.exit_code)
    problems.push(
      problem(
        "EXIT_CODE",
        `it exited with ${answer.exit_code}${why}`,
        { expected: String(expect.exit_code), actual: String(answer.exit_code), subject: code },
        next_step,
      ),
    );
  const fault = answer.fault?.code ?? "none";
  if (expect.fault !== undefined && expect.fault !== fault)
    problems.push(
      problem(
        "FAULT_CODE",
        `it was refused with ${fault}${why}`,
        { expected: expect.fault, actual: fault },
        `Run "pkg explain ${expect.fault}".`,
      ),
    );
  return { problems, checks: expect.fault === undefined ? 1 : 2 };
}

/** Why a command ended as it did: its fault, else the first finding of its report. */
function reasonOf(answer: Answer): {
  readonly code: string | undefined;
  readonly message: string;
  readonly next_step: string;
} {
  const said = answer.fault ?? errorsIn(answer)[0];
  if (said !== undefined) return said;
  const next_step = 'Run "golden run" with --keep and look at the plane it leaves.';
  return { code: undefined, message: "", next_step };
}

function judgeState({ expect, world, observed }: Case): Judged {
  const wanted = Object.entries(expect.state ?? {});
  const problems = wanted.flatMap(([handle, version]) => {
    const { package_id } = packed(world, handle);
    const actual = observed.installed[package_id] ?? "absent";
    return actual === version
      ? []
      : [
          problem(
            "STATE",
            `${package_id} is ${actual}`,
            { subject: package_id, expected: version, actual },
            `Run "pkg history ${package_id}" in the kept plane.`,
          ),
        ];
  });
  return { problems, checks: wanted.length };
}

function judgePlugins({ expect, observed }: Case): Judged {
  const wanted = Object.entries(expect.plugins ?? {});
  const problems = wanted.flatMap(([namespace, state]) => {
    const actual = observed.plugins[namespace] ?? "absent";
    return actual === state
      ? []
      : [
          problem(
            "PLUGIN_STATE",
            `plugin ${namespace} is ${actual}`,
            { subject: namespace, expected: state, actual },
            `Run "pkg plugin inspect ${namespace}" in the kept plane.`,
          ),
        ];
  });
  return { problems, checks: wanted.length };
}

function judgeFiles({ expect, observed }: Case): Judged {
  const { present = [], absent = [] } = expect.files ?? {};
  const names = [...observed.snapshot.entries.keys()].map((name) => name.replace(/^plane\//, ""));
  const holds = (glob: string): boolean => names.some((name) => matchesGlob(name, glob));
  const said = (glob: string, expected: string): GoldenProblem =>
    problem(
      "FILE",
      expected === "present" ? `nothing is at ${glob}` : `something is at ${glob}`,
      { subject: glob, expected },
      `Run "trace --who ${glob}" in the kept plane.`,
    );
  return {
    problems: [
      ...present.filter((glob) => !holds(glob)).map((glob) => said(glob, "present")),
      ...absent.filter(holds).map((glob) => said(glob, "absent")),
    ],
    checks: present.length + absent.length,
  };
}

function judgeRows(fs: Effects["fs"], { expect, world }: Case): Judged {
  const wanted = expect.rows ?? [];
  const problems = wanted.flatMap(({ registry, where, has, count }) => {
    const path = `${world.place.root}/registries/${registry}.csv`;
    const rows = fs.stat(path)?.kind === "file" ? readRegistry(fs, path, registry) : [];
    const found = rows.filter((row) =>
      Object.entries(where).every(([column, value]) => row[column] === value),
    );
    const fits = found.filter((row) => Object.entries(has).every(([column, value]) => row[column] === value));
    const is_right = count === undefined ? fits.length > 0 : fits.length === count;
    const words = JSON.stringify({ ...where, ...has });
    return is_right
      ? []
      : [
          problem(
            "ROW",
            `registries/${registry}.csv has ${fits.length} rows ${words}`,
            {
              subject: `registries/${registry}.csv`,
              expected: count === undefined ? "at least one" : String(count),
              actual: found.length === 0 ? "none" : JSON.stringify(found[0]),
            },
            'Run "pkg registry validate" in the kept plane.',
          ),
        ];
  });
  return { problems, checks: wanted.length };
}

/** In order within each ledger: two ledgers have no order between them but their clock's. */
function judgeEvents({ expect, observed }: Case): Judged {
  const wanted = expect.events ?? [];
  const streams = [...Map.groupBy(observed.entries, ({ stream }) => stream).values()].map((entries) =>
    entries.map(({ event_type }) => event_type),
  );
  const missing = wanted.find((type) => {
    const stream = streams.find((types) => types.includes(type));
    // What stands before it in its ledger is over.
    stream?.splice(0, stream.indexOf(type) + 1);
    return stream === undefined;
  });
  const seen = observed.entries.map(({ event_type }) => event_type).join(", ");
  return {
    problems:
      missing === undefined
        ? []
        : [
            problem(
              "EVENTS",
              `the ledger got no ${missing}`,
              { expected: wanted.join(", "), actual: seen || "none" },
              'Run "pkg ledger tail" in the kept plane.',
            ),
          ],
    checks: wanted.length,
  };
}

/** What an action answered; undefined for everything else. */
export const runOutput = ({ document }: Answer): unknown =>
  isRecord(document) && "run_id" in document ? document["result"] : undefined;

function judgeOutput({ expect, answer }: Case): Judged {
  const { document } = answer;
  // An action may well answer null.
  const output = isRecord(document) && "run_id" in document ? runOutput(answer) : document;
  const { patterns = {}, tolerances = {} } = expect;
  const mismatches = expect.output === undefined ? [] : subsetMismatches(output, expect.output);
  for (const [pointer, source] of Object.entries(patterns)) {
    const value = valueAt(output, pointer);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text === undefined || !new RegExp(source, "u").test(text))
      mismatches.push({ pointer, expected: `/${source}/`, actual: text ?? "nothing" });
  }
  mismatches.push(...toleranceMismatches(output, tolerances));
  return {
    problems: mismatches.map(({ pointer, expected, actual }) =>
      problem(
        "OUTPUT",
        `the answer has ${actual} at ${pointer}`,
        { subject: pointer, expected, actual },
        "Correct the plugin, or what is expected of it.",
      ),
    ),
    checks:
      (expect.output === undefined ? 0 : 1) + Object.keys(patterns).length + Object.keys(tolerances).length,
  };
}

const toleranceMismatches = (
  output: unknown,
  tolerances: NonNullable<Expectation["tolerances"]>,
): Mismatch[] =>
  Object.entries(tolerances).flatMap(([pointer, { value, within }]) => {
    const actual = valueAt(output, pointer);
    if (typeof actual === "number" && Math.abs(actual - value) <= within) return [];
    return [{ pointer, expected: `${value} within ${within}`, actual: JSON.stringify(actual) ?? "nothing" }];
  });
