/** `golden gate` and `golden can-i-install`: questions to what is recorded. */
import { z } from "zod";
import { PackageId, Version } from "../contracts/index.ts";
import {
  canInstall,
  cellText,
  type GateReport,
  type InstallAnswer,
  type JudgedRequirement,
  judgeGate,
  storedVersion,
} from "../gates/index.ts";
import { type Plane, reading } from "../plane/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { judgeHere } from "./golden-harness.ts";

const subject = z.string().min(1).meta({
  description: "Package id, with @VERSION; default: the version in the registry.",
  positional: 0,
});

/** @throws PACKAGE_ID_MALFORMED, GATE_SUBJECT_UNKNOWN */
export function subjectNamed({ effects }: Context, plane: Plane, word: string, command: string) {
  const [id = "", ...rest] = word.split("@");
  const version = rest.length === 0 ? undefined : rest.join("@");
  const problem = !PackageId.safeParse(id).success
    ? "is no package id such as PKG-T1-NAME-001"
    : version !== undefined && !Version.safeParse(version).success
      ? "names no version such as 1.2.0 after the @"
      : undefined;
  if (problem === undefined) return storedVersion(effects, plane, id, version);
  const shown = word.slice(0, 60);
  throw make("PACKAGE_ID_MALFORMED", `${command}: ${JSON.stringify(shown)} ${problem}`, {
    id: shown,
    command,
  });
}

/** Where nothing may be released. */
const BLOCKED = 3;

export const goldenGate = operation({
  name: "golden gate",
  summary: "Say whether a version may be released: every required scenario and cell passed for these bytes.",
  examples: ["golden gate PKG-T3-ECHO-001@1.0.0", "golden gate PKG-T3-ECHO-001 --json"],
  authorised: false,
  input: z.strictObject({ subject }),
  run: async (context, input) => {
    const plane = planeOf(context);
    const { effects } = context;
    const report = await reading(effects, plane, () =>
      judgeGate(
        effects,
        plane,
        subjectNamed(context, plane, input.subject, "golden gate"),
        judgeHere(context, plane.root),
      ),
    );
    return { result: report, exit_code: report.passed ? 0 : BLOCKED };
  },
  text: gateText,
});

function gateText({ package_id, version, digest, passed, requirements, findings }: GateReport): string {
  const standing = findings.filter(({ waived }) => waived === undefined);
  return [
    `${passed ? "PASSED" : "BLOCKED"}: ${package_id} ${version}, sha256 ${digest}`,
    ...requirements.map(requirementLine),
    ...standing.flatMap(({ code, message, next_step }) => [
      `  ${message} [${code}]`,
      `    next: ${next_step}`,
    ]),
    "",
  ].join("\n");
}

function requirementLine({ scenario, cell, met, evidence, waived, codes }: JudgedRequirement): string {
  const name = `${scenario}${cellText(cell)}`;
  if (waived !== null)
    return `  ok    ${name}: waived by ${waived.owner} until ${waived.expires}: ${waived.reason}`;
  if (!met) return `  STOP  ${name}: ${codes.join(", ")}`;
  return `  ok    ${name}: ${evidence?.tests.join(", ") ?? ""}, ${evidence?.age_days ?? 0} days ago, ledger ${evidence?.entry_id ?? ""}`;
}

const ANSWERS = { yes: 0, no: 1, unknown: 3 } as const;
const part = (what: string) => z.string().min(1).max(64).optional().meta({ description: what });

export const goldenCanIInstall = operation({
  name: "golden can-i-install",
  summary: "Answer from recorded evidence whether a version runs on a host: yes (0), no (1) or unknown (3).",
  examples: [
    "golden can-i-install PKG-T3-ECHO-001@1.0.0 --host 0.1.0",
    "golden can-i-install PKG-T3-ECHO-001@1.0.0 --host 0.1 --api 1 --python 3.12",
  ],
  authorised: false,
  input: z.strictObject({
    subject,
    host: z.string().min(1).max(64).meta({ description: "Version of the host; 0.1 is any 0.1.x." }),
    api: part("Version of the API it offers; default: any that was tested."),
    python: part("Version of Python; default: any that was tested."),
  }),
  run: async (context, { subject: word, ...cell }) => {
    const plane = planeOf(context);
    const { effects } = context;
    const answer = await reading(effects, plane, () =>
      canInstall(effects, plane, subjectNamed(context, plane, word, "golden can-i-install"), {
        cell,
        harness: judgeHere(context, plane.root),
      }),
    );
    return { result: answer, exit_code: ANSWERS[answer.answer] };
  },
  text: answerText,
});

function answerText({ package_id, version, cell, answer, cells }: InstallAnswer): string {
  return [
    `${answer}: ${package_id} ${version}${cellText(cell)}`,
    ...cells.flatMap(({ cell: asked, answer: one, because, command }) => [
      `  ${one.padEnd(7)}${cellText(asked)}: ${because}`,
      ...(command === null ? [] : [`          next: Run "${command}".`]),
    ]),
    "",
  ].join("\n");
}
