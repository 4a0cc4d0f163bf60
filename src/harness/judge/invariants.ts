/** What must hold after every step, whatever was expected of it. */
import type { GoldenProblem } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { Answer } from "../driver.ts";
import { errorsIn } from "../findings.ts";
import { isRecord } from "../json-match.ts";
import { ALWAYS_MOVING, unexplained } from "../oracle/rules.ts";
import { problem } from "../problems.ts";
import type { World } from "../world/world.ts";
import type { Judged } from "./expectations.ts";
import { leftProblems } from "./left-running.ts";
import type { Observed } from "./observe.ts";

const SHOWN_MAX = 20;

/** `changed_nothing`: the step failed, so nothing but records may differ. */
export function judgeInvariants(
  { fs }: Pick<Effects, "fs">,
  { world, answer, observed, changed_nothing }: Seen,
): Judged {
  const said = judgeAnswer(world, answer);
  const written = secretsWritten(fs, world, observed);
  const parts = [
    integrityProblems(observed),
    ledgerProblems(observed),
    leftProblems(observed.processes.running),
    environmentProblems(observed),
    unrecordedProblems(world),
    ...(changed_nothing ? [restoredProblems(observed)] : []),
  ];
  return {
    problems: [...parts.flat(), ...said.problems, ...written.problems],
    checks: parts.length + said.checks + written.checks,
  };
}

/** What an answer alone tells: what was left running, what was denied, and whether it shows a secret. */
export function judgeAnswer(world: World, answer: Answer): Judged {
  const is_shown = shows(world, Buffer.from(JSON.stringify([answer.document, answer.fault])));
  return {
    problems: [
      ...leftInside(answer),
      ...deniedProblems(answer),
      ...(is_shown ? [secretProblem("the answer")] : []),
    ],
    checks: 3,
  };
}

interface Seen {
  readonly world: World;
  readonly answer: Answer;
  readonly observed: Observed;
  readonly changed_nothing: boolean;
}

/** A plane where nothing is installed is unhealthy by rule: a check that saw nothing proves nothing. */
function integrityProblems({ integrity, installed }: Observed): GoldenProblem[] {
  if (integrity.exit_code === 0) return [];
  const findings = errorsIn(integrity);
  const is_empty = Object.keys(installed).length === 0;
  const real = findings.filter(({ code }) => !(is_empty && EMPTY_PLANE.has(code)));
  if (real.length === 0 && integrity.fault === null && findings.length > 0) return [];
  if (real.length === 0)
    return [
      problem(
        "INTEGRITY",
        `the integrity check exited with ${integrity.exit_code}: ${integrity.fault?.message ?? "no finding"}`,
        { subject: integrity.fault?.code },
        'Run "integrity-check" in the kept plane.',
      ),
    ];
  return real
    .slice(0, SHOWN_MAX)
    .map(({ code, message, path, next_step }) =>
      problem("INTEGRITY", message, { subject: path ?? code, actual: code }, next_step),
    );
}

const EMPTY_PLANE = new Set(["REGISTRY_EMPTY", "NOTHING_VERIFIED"]);

function ledgerProblems({ ledger }: Observed): GoldenProblem[] {
  if (ledger.exit_code === 0) return [];
  return [
    problem(
      "LEDGER",
      ledger.fault?.message ?? "the ledger does not verify",
      { subject: ledger.fault?.code },
      'Run "pkg ledger verify" in the kept plane.',
    ),
  ];
}

/** What an action left running in its sandbox, where it ended with it. */
function leftInside({ document }: Answer): GoldenProblem[] {
  const resources = isRecord(document) && isRecord(document["resources"]) ? document["resources"] : {};
  const { processes_left, ports_left } = resources;
  const lists = [
    ["PROCESS_LEFT", processes_left, "was still running when the action had answered"],
    ["PORT_LEFT", ports_left, "was still listened at when the action had answered"],
  ] as const;
  return lists.flatMap(([code, list, words]) =>
    (Array.isArray(list) ? list : []).map((one) => {
      const subject = String(one);
      const what = code === "PORT_LEFT" ? `port ${subject}` : subject;
      const step = "End what the action starts, and close what it opens, before it answers.";
      return problem(code, `${what} ${words}`, { subject }, step);
    }),
  );
}

function deniedProblems({ document, fault }: Answer): GoldenProblem[] {
  const denials = isRecord(document) ? document["denials"] : fault?.details["denials"];
  return (Array.isArray(denials) ? denials : []).filter(isRecord).map((one) => {
    const { rule, subject, scope } = one;
    return problem(
      "DENIED",
      `it tried ${String(rule)} ${String(subject)}, which it was not granted`,
      { subject: String(subject), actual: String(rule) },
      typeof scope === "string"
        ? `Declare the permission ${scope} in its manifest, or let it be.`
        : "Let the plugin do without: no permission allows this.",
    );
  });
}

function unrecordedProblems({ apis }: World): GoldenProblem[] {
  return apis
    .asked()
    .filter((line) => line.startsWith("? "))
    .map((line) =>
      problem(
        "API_UNRECORDED",
        `${line.slice(2)} was asked for, and no answer is recorded`,
        { subject: line.slice(2) },
        "Add it to the answers under [[apis]] of the scenario.",
      ),
    );
}

function restoredProblems({ changes }: Observed): GoldenProblem[] {
  return unexplained(changes, ALWAYS_MOVING)
    .slice(0, SHOWN_MAX)
    .map((line) =>
      problem(
        "NOT_RESTORED",
        `a step that failed changed ${line.slice(2)}`,
        { subject: line },
        'Run "integrity-check" in the kept plane.',
      ),
    );
}

const shows = ({ secrets }: World, bytes: Buffer): boolean =>
  secrets.some((secret) => bytes.includes(secret));

/** Every file of the plane that the step wrote. */
function secretsWritten(fs: Effects["fs"], world: World, { changes }: Observed): Judged {
  const written = [...changes.added, ...changes.changed].filter((name) => name.startsWith("plane/"));
  const places = written.filter((name) => {
    const path = `${world.folder}/${name}`;
    return fs.stat(path)?.kind === "file" && shows(world, readable(fs, path));
  });
  return { problems: places.map(secretProblem), checks: written.length };
}

const secretProblem = (place: string): GoldenProblem =>
  problem(
    "SECRET_SHOWN",
    `a secret stands in ${place}`,
    { subject: place },
    "Name secrets by reference, and print none of their bytes.",
  );

/** The surroundings of the harness itself: what runs in its process could change them. */
const environmentProblems = ({ environment_changed }: Observed): GoldenProblem[] =>
  environment_changed.map((name) =>
    problem(
      "ENVIRONMENT",
      `the variable ${name} of the harness was changed`,
      { subject: name },
      "Report it: no command may change the surroundings of the process it runs in.",
    ),
  );

function readable(fs: Effects["fs"], path: string): Buffer {
  try {
    return fs.read(path);
  } catch {
    return Buffer.alloc(0);
  }
}
