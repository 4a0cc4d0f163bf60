/** Whether a version can be installed on a host: yes, no or unknown, from recorded evidence and nothing else. */
import type { EvidenceTest, RequiredCell } from "../contracts/index.ts";
import { requiredScenarios } from "../harness/index.ts";
import type { Plane } from "../plane/index.ts";
import { openBook, type Subject } from "./book.ts";
import type { GateNeeds } from "./gate.ts";
import { candidatesFor, type Harness, judgeRequirement } from "./judge.ts";
import { requirementsOf } from "./requirements.ts";
import { readRules } from "./rules.ts";

export interface CellAnswer {
  readonly scenario: string;
  readonly answer: "yes" | "no" | "unknown";
  /** Why, in one sentence. */
  readonly because: string;
  readonly evidence_digest: string | null;
  /** What would tell; null where it is told. */
  readonly command: string | null;
}

export interface InstallAnswer {
  readonly schema_version: "1.0";
  readonly package_id: string;
  readonly version: string;
  readonly digest: string;
  readonly cell: RequiredCell;
  /** `no` where one scenario failed there, `yes` where all passed, `unknown` for everything else. */
  readonly answer: CellAnswer["answer"];
  readonly cells: readonly CellAnswer[];
}

/** @throws GATE_CONFIG_INVALID, SCENARIO_INVALID, TRUSTED_KEYS_CHANGED */
export async function canInstall(
  effects: GateNeeds,
  plane: Plane,
  subject: Subject,
  { cell, harness }: { readonly cell: RequiredCell; readonly harness: Harness },
): Promise<InstallAnswer> {
  const rules = readRules(effects, plane.root, subject.package_id);
  const written = await requiredScenarios(effects, plane.root, subject.package_id);
  const book = openBook(effects, plane, subject);
  const judging = {
    subject,
    book,
    harness,
    now_ms: effects.clock.now_ms(),
    rules: { ...rules, waivers: [] },
  };
  const wanted = requirementsOf(subject, { ...rules, cells: [cell] }, written);
  const cells = wanted.map((one): CellAnswer => {
    const { judged, findings } = judgeRequirement(judging, one);
    const tests = candidatesFor(book, one)[0]?.tests ?? [];
    const evidence_digest = judged.evidence?.evidence_digest ?? null;
    const { scenario } = one;
    const known = { scenario, evidence_digest, command: null };
    const [against] = findings;
    // What a statement that cannot be trusted says, for or against, is not known.
    const doubtful = findings.find(({ code }) => code !== "GATE_FAILED");
    if (doubtful !== undefined)
      return { ...known, answer: "unknown", because: doubtful.message, command: one.command };
    if (against !== undefined) return { ...known, answer: "no", because: against.message };
    const refused = tests.find(isRefused);
    if (refused !== undefined)
      return { ...known, answer: "no", because: `${refused.name}: it is refused there, as it declares` };
    return { ...known, answer: "yes", because: `${tests.map(({ name }) => name).join(", ")} passed` };
  });
  return {
    schema_version: "1.0",
    ...subject,
    cell,
    answer: together(cells, book.findings.length > 0),
    cells,
  };
}

const isRefused = ({ verdict }: EvidenceTest): boolean => verdict === "refused-as-declared";

function together(cells: readonly CellAnswer[], is_doubtful: boolean): CellAnswer["answer"] {
  if (cells.some(({ answer }) => answer === "no")) return "no";
  if (is_doubtful || cells.length === 0) return "unknown";
  return cells.every(({ answer }) => answer === "yes") ? "yes" : "unknown";
}
