/** Whether a version can be installed on a host: yes, no or unknown, from recorded evidence and nothing else. */
import type { EvidenceTest, RequiredCell } from "../contracts/index.ts";
import type { Plane } from "../plane/index.ts";
import { openBook, type Subject } from "./book.ts";
import type { GateNeeds } from "./gate.ts";
import { type Harness, judgeRequirement } from "./judge.ts";
import { keptTests } from "./kept-tests.ts";
import { requiredCell } from "./requirements.ts";
import { readRules } from "./rules.ts";

export interface CellAnswer {
  readonly cell: RequiredCell;
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
  /** `no` where one cell failed, `yes` where all passed, `unknown` for everything else. */
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
  const book = openBook(effects, plane, subject);
  const judging = {
    subject,
    book,
    harness,
    now_ms: effects.clock.now_ms(),
    rules: { ...rules, waivers: [] },
  };
  const asked = askedCells(cell, rules.cells).map((one) => requiredCell(subject, one));
  const cells = asked.map((one): CellAnswer => {
    const { judged, findings } = judgeRequirement(judging, one);
    const tests = keptTests(book, one).map(({ test }) => test);
    const evidence_digest = judged.evidence?.evidence_digest ?? null;
    const known = { cell: one.cell ?? cell, evidence_digest, command: null };
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

/** Of the cells that a release needs those that the question is about, else the one that was asked for. */
function askedCells(asked: RequiredCell, required: readonly RequiredCell[]): readonly RequiredCell[] {
  const about = required.flatMap((one) => {
    const host = narrowerHost(asked.host, one.host);
    const api = narrower(asked.api, one.api);
    const python = narrower(asked.python, one.python);
    return host === null || api === null || python === null ? [] : [{ host, api, python }];
  });
  return about.length === 0 ? [asked] : about;
}

type Part = string | undefined;

/** Of two parts the one that says more; null where they cannot both be so. */
function narrower(one: Part, other: Part): Part | null {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === other || one.startsWith(`${other}.`)) return one;
  return other.startsWith(`${one}.`) ? other : null;
}

/** The same of host programs, by name and version apart. */
function narrowerHost(one: Part, other: Part): Part | null {
  const [first, second] = [hostParts(one), hostParts(other)];
  const name = first.name ?? second.name;
  if (name !== (second.name ?? name)) return null;
  const version = narrower(first.version, second.version);
  if (version === null) return null;
  return name === undefined || version === undefined ? (name ?? version) : `${name}@${version}`;
}

function hostParts(host: Part): { readonly name: Part; readonly version: Part } {
  if (host === undefined) return { name: undefined, version: undefined };
  const [first = "", version] = host.split("@");
  if (version !== undefined) return { name: first, version };
  return /^\d/.test(first) ? { name: undefined, version: first } : { name: first, version: undefined };
}

const isRefused = ({ verdict }: EvidenceTest): boolean => verdict === "refused-as-declared";

function together(cells: readonly CellAnswer[], is_doubtful: boolean): CellAnswer["answer"] {
  if (cells.some(({ answer }) => answer === "no")) return "no";
  if (is_doubtful || cells.length === 0) return "unknown";
  return cells.every(({ answer }) => answer === "yes") ? "yes" : "unknown";
}
