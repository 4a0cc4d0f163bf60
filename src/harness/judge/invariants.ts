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
import type { Observed } from "./observe.ts";

const SHOWN_MAX = 20;

/** `changed_nothing`: the step failed, so nothing but records may differ. */
export function judgeInvariants(
  { fs }: Pick<Effects, "fs">,
  { world, answer, observed, changed_nothing }: Seen,
): Judged {
  const secrets = secretsShown(fs, world, answer, observed);
  return {
    problems: [
      ...integrityProblems(observed),
      ...ledgerProblems(observed),
      ...processProblems(observed),
      ...leftInside(answer),
      ...deniedProblems(answer),
      ...unrecordedProblems(world),
      ...secrets.problems,
      ...(changed_nothing ? restoredProblems(observed) : []),
    ],
    checks: 7 + (changed_nothing ? 1 : 0),
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

function processProblems({ processes }: Observed): GoldenProblem[] {
  return processes.running.flatMap(({ pid, command, ports }) => [
    problem(
      "PROCESS_LEFT",
      `process ${pid} was still running: ${command}`,
      { subject: command },
      "End what the plugin starts before its action answers.",
    ),
    ...ports.map((port) =>
      problem(
        "PORT_LEFT",
        `process ${pid} still listened at port ${port}: ${command}`,
        { subject: String(port) },
        "Close what the plugin opens before its action answers.",
      ),
    ),
  ]);
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

/** Answers, and every file of the plane that the step wrote. */
function secretsShown(fs: Effects["fs"], world: World, answer: Answer, { changes }: Observed): Judged {
  const text = JSON.stringify([answer.document, answer.fault]);
  const places: string[] = [];
  const shows = (bytes: Buffer): boolean => world.secrets.some((secret) => bytes.includes(secret));
  if (shows(Buffer.from(text))) places.push("the answer");
  const written = [...changes.added, ...changes.changed].filter((name) => name.startsWith("plane/"));
  for (const name of written) {
    const path = `${world.folder}/${name}`;
    if (fs.stat(path)?.kind === "file" && shows(readable(fs, path))) places.push(name);
  }
  return {
    problems: places.map((place) =>
      problem(
        "SECRET_SHOWN",
        `a secret stands in ${place}`,
        { subject: place },
        "Name secrets by reference, and print none of their bytes.",
      ),
    ),
    checks: 1 + written.length,
  };
}

function readable(fs: Effects["fs"], path: string): Buffer {
  try {
    return fs.read(path);
  } catch {
    return Buffer.alloc(0);
  }
}
