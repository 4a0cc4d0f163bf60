/** One cell on a host program: judged as an install judges, installed by the host, and asked everything its manifest answers. */
import type { GoldenProblem, MatrixPoint } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { examplesOf } from "../canonical.ts";
import { defaultSettings } from "../default-settings.ts";
import type { Answer, Driver, Place } from "../driver.ts";
import { errorsIn } from "../findings.ts";
import { subsetMismatches } from "../json-match.ts";
import { leftProblems } from "../judge/left-running.ts";
import { runningIn } from "../oracle/processes.ts";
import { problem } from "../problems.ts";
import { makeFolder, removeTree } from "../world/folder.ts";
import type { Attempt } from "./attempt.ts";
import { endLeft } from "./end-left.ts";
import { type HostAnswer, type Interpreters, markOf, order, refusalIn } from "./host-program.ts";
import { type HostProgram, hostWord } from "./hosts.ts";
import type { MatrixVersion } from "./job.ts";

type Needs = Pick<Effects, "fs" | "host" | "random" | "subprocess" | "signal">;

export interface Cell {
  readonly point: MatrixPoint;
  readonly version: MatrixVersion;
  readonly host: HostProgram;
  readonly interpreters: Interpreters;
  readonly driver: Driver;
}

export async function attemptOnHost(effects: Needs, cell: Cell): Promise<Attempt> {
  const folder = makeFolder(effects);
  const sought = { folder, mark: `HOLDFAST_GOLDEN=${markOf(folder)["HOLDFAST_GOLDEN"]}` };
  try {
    for (const part of ["home", "tmp", "plugins"]) effects.fs.makeDirectory(`${folder}/${part}`);
    const attempt = await attemptIn(effects, cell, folder);
    const problems = leftProblems(runningIn(effects, sought).running);
    return { ...attempt, checks: attempt.checks + 1, problems: [...attempt.problems, ...problems] };
  } finally {
    await endLeft(effects, sought);
    removeTree(effects.fs, folder);
  }
}

async function attemptIn(effects: Needs, cell: Cell, folder: string): Promise<Attempt> {
  const { host, point, version, interpreters } = cell;
  const nothing = { refused_by: null, works: null, interpreter: null, checks: 1, problems: [], broken: [] };
  const said = await order(effects, host, interpreters, { words: ["describe"], folder });
  const differs = describeProblem(host, said);
  if (differs !== undefined) return { ...nothing, broken: [differs] };
  const judged = await preflightOf(cell, folder);
  const { refused, problems } = judgePreflight(point, judged);
  const words = ["install", "--archive", version.archive, "--into", `${folder}/plugins`, "--api", point.api];
  const installed = await order(effects, host, interpreters, { words, folder });
  const refusal = refusalIn(installed);
  const serves = host.apis.includes(point.api);
  if (!serves)
    return refusal?.code === "api_not_served"
      ? { ...nothing, refused_by: "host", checks: 3 }
      : { ...nothing, checks: 3, broken: [notDeclared(host, `it does not refuse API ${point.api}`)] };
  if (installed.exit_code !== 0)
    return {
      ...nothing,
      refused_by: refused,
      works: false,
      checks: 3,
      problems: [...problems, cannot(installed)],
    };
  const asked = await askAll(effects, cell, folder);
  return {
    refused_by: refused,
    works: asked.problems.length === 0,
    interpreter: asked.interpreter,
    checks: 3 + asked.checks,
    problems: [...problems, ...asked.problems],
    broken: asked.broken,
  };
}

function describeProblem(host: HostProgram, { document, stderr }: HostAnswer): GoldenProblem | undefined {
  const { name, version, apis } = host;
  const [mismatch] = subsetMismatches(document, { host: name, version, apis });
  if (mismatch === undefined) return undefined;
  return notDeclared(
    host,
    `it describes itself with ${mismatch.actual} at ${mismatch.pointer}${stderr === "" ? "" : `: ${stderr}`}`,
  );
}

const notDeclared = (host: HostProgram, what: string): GoldenProblem =>
  problem(
    "HOST",
    `${hostWord(host)} is not as its host.toml says: ${what}`,
    { subject: hostWord(host) },
    `Run "${host.command.join(" ")} describe" in ${host.folder ?? "."}, and correct host.toml or the program.`,
  );

const cannot = (answer: HostAnswer): GoldenProblem => {
  const { code, message } = refusalIn(answer) ?? { code: "none", message: answer.stderr.trim() };
  return problem(
    "HOST",
    `the host could not install it: ${message} [${code}]`,
    { subject: code },
    "Correct the archive, or the host program.",
  );
};

/** The command a person would type, with the versions of the cell in place of this machine's. */
function preflightOf({ driver, version, point }: Cell, folder: string): Promise<Answer> {
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: `${folder}/home`, TMPDIR: `${folder}/tmp` };
  const place: Place = {
    root: "",
    cwd: folder,
    env: { ...env, HOLDFAST_HOME: `${folder}/home/.holdfast`, LC_ALL: "C.UTF-8", ...markOf(folder) },
    names: new Map(),
    ahead_ms: 0,
  };
  const { host, api, python } = point;
  return driver.within(place, {
    operation: "preflight",
    input: {
      subjects: [version.archive],
      digest: version.digest,
      host: host.version,
      api,
      ...(python === null ? {} : { python }),
    },
  });
}

/** Whether it was refused for each range the cell lies outside of; what else it says is a problem. */
function judgePreflight(
  { outside }: MatrixPoint,
  answer: Answer,
): { readonly refused: "preflight" | null; readonly problems: readonly GoldenProblem[] } {
  const errors = errorsIn(answer);
  const unmet = errors.filter(({ code }) => code === "COMPAT_UNMET");
  const fields = new Set(unmet.map(({ field = "" }) => field.slice(field.lastIndexOf("/") + 1)));
  const others = errors.filter(
    ({ code, field = "" }) =>
      code !== "COMPAT_UNMET" || !outside.includes(field.slice(field.lastIndexOf("/") + 1)),
  );
  const problems = others.map(({ code, message, next_step }) =>
    problem("PREFLIGHT", message, { subject: code }, next_step),
  );
  if (answer.fault !== null)
    problems.push(
      problem("PREFLIGHT", answer.fault.message, { subject: answer.fault.code }, answer.fault.next_step),
    );
  const is_refused = outside.length > 0 && outside.every((field) => fields.has(field));
  return { refused: is_refused ? "preflight" : null, problems };
}

interface Asked {
  readonly interpreter: string | null;
  readonly checks: number;
  readonly problems: readonly GoldenProblem[];
  readonly broken: readonly GoldenProblem[];
}

/** Every example and every probe. One that answers wrongly does not keep the others from being asked. */
async function askAll(effects: Needs, cell: Cell, folder: string): Promise<Asked> {
  const { version, host, interpreters, point } = cell;
  const { metadata, settings } = version;
  const chosen = metadata.plugin?.runtime === "node" ? interpreters.node : (interpreters.python ?? "");
  const config = { ...metadata.plugin?.config?.defaults, ...defaultSettings(metadata), ...settings };
  const problems: GoldenProblem[] = [];
  const broken: GoldenProblem[] = [];
  const examples = examplesOf(metadata);
  let interpreter: string | null = null;
  for (const { action, input, expect } of examples) {
    const words = ["run", "--from", `${folder}/plugins`, "--api", point.api, "--action", action];
    const found = ["--python", interpreters.python ?? "", "--node", interpreters.node];
    const stdin = JSON.stringify({ input, config });
    const answer = await order(effects, host, interpreters, { words: [...words, ...found], stdin, folder });
    problems.push(...answerProblems(action, answer, expect.output));
    const { ran_with } = answer.document;
    interpreter = typeof ran_with === "string" ? ran_with : null;
    // A host that could not even start it has said why above.
    if (interpreter !== null && interpreter !== effects.fs.realPath(chosen))
      broken.push(notDeclared(host, `it ran the plugin with ${interpreter}, not with ${chosen}`));
  }
  return { interpreter, checks: 2 * examples.length, problems, broken };
}

function answerProblems(action: string, answer: HostAnswer, expected: unknown): GoldenProblem[] {
  const next = "Correct the plugin, or the range of compat that claims this cell.";
  if (answer.document["status"] !== "ok") {
    const { code, message } = refusalIn(answer) ?? { code: "none", message: answer.stderr.trim() };
    return [problem("EXIT_CODE", `${action} failed: ${message} [${code}]`, { subject: code }, next)];
  }
  if (expected === undefined) return [];
  return subsetMismatches(answer.document["result"], expected).map(({ pointer, expected: wanted, actual }) =>
    problem(
      "OUTPUT",
      `${action} answered with ${actual} at ${pointer}`,
      { subject: pointer, expected: wanted, actual },
      next,
    ),
  );
}
