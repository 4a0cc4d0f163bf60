/** What can keep a version from being released, each with the command that fills it. */
import type { Finding } from "../contracts/index.ts";
import type { Rule } from "../reports/index.ts";

export const GATE_RULES = {
  GATE_MISSING: {
    title: "Required scenario not recorded",
    help: "A required scenario was never recorded for these bytes.",
  },
  GATE_CELL_MISSING: {
    title: "Required cell not recorded",
    help: "A required cell of the matrix was never recorded for these bytes.",
  },
  GATE_FAILED: {
    title: "Required scenario failed",
    help: "The newest recording of a required scenario says that it failed.",
  },
  GATE_STALE: { title: "Evidence too old", help: "The evidence is older than the rules allow." },
  GATE_OTHER_BYTES: {
    title: "Evidence of other bytes",
    help: "There is evidence, of other bytes than those in the store.",
  },
  GATE_HARNESS: {
    title: "Evidence of another harness",
    help: "The evidence was made by another harness than this one.",
  },
  GATE_SCENARIO_CHANGED: {
    title: "Scenario changed since",
    help: "The scenario was changed after the evidence was made.",
  },
  GATE_EVIDENCE_REMOVED: {
    title: "Evidence taken away",
    help: "The ledger names evidence that is no longer there; it may have said something else.",
  },
  GATE_EVIDENCE_UNTRUSTED: {
    title: "Evidence nobody trusted signed",
    help: "A line of evidence is signed by no key in force, or holds something else.",
  },
  GATE_EVIDENCE_UNRECORDED: {
    title: "Evidence not in the ledger",
    help: "A signed line of evidence is not in the ledger.",
  },
  GATE_LEDGER_BROKEN: { title: "Ledger of packages broken", help: "The ledger of packages does not verify." },
  GATE_WAIVER_EXPIRED: {
    title: "Waiver expired",
    help: "Somebody answered for what is missing until a day that has passed.",
  },
  GATE_NOTHING_REQUIRED: {
    title: "Nothing is required",
    help: "The rules require nothing of this package, and a gate that asks nothing does not pass.",
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type GateCode = keyof typeof GATE_RULES;

export const blocking = (
  code: GateCode,
  message: string,
  next_step: string,
  about: Partial<Pick<Finding, "path" | "line" | "package_id" | "expected" | "actual" | "field">> = {},
): Finding => ({ code, severity: "error", message, next_step, ...about });
