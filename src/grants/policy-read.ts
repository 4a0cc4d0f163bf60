/** The permission policy in force, with the lines of its rules. */
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { POLICY_PATH, parsePolicy, readPolicy } from "../provenance/index.ts";
import type { Asked } from "./asked.ts";
import { make } from "./faults.ts";
import { type Decision, judgeScopes, type Ruling } from "./policy-judge.ts";
import { looseningsOf, type PermissionPolicy } from "./policy-layers.ts";
import { linesOf } from "./policy-lines.ts";
import { plainText } from "./scopes.ts";

export interface RuledBy extends Ruling {
  /** In `config/policy.toml`, from 1. */
  readonly line: number;
}

export interface Ruled extends Omit<Decision, "rule" | "rulings"> {
  readonly rule: RuledBy | null;
  readonly rulings: readonly RuledBy[];
}

/** Every lower rule that loosens a higher one. */
export async function policyProblems(text: string, policy: PermissionPolicy): Promise<Fault[]> {
  const found = looseningsOf(policy);
  if (found.length === 0) return [];
  const lines = await linesOf(
    text,
    found.flatMap(({ upper, lower }) => [upper.pointer, lower.pointer]),
  );
  const placed = found.map((one) => ({
    ...one,
    line: lines.get(one.lower.pointer) ?? 1,
    upper_line: lines.get(one.upper.pointer) ?? 1,
  }));
  placed.sort((a, b) => a.line - b.line || a.upper_line - b.upper_line);
  return placed.map(({ upper, lower, field, value, line, upper_line }) =>
    make(
      "POLICY_LOOSENED",
      `${POLICY_PATH} line ${line} (${lower.layer}) allows ${field} ${plainText(value)}, which line ${upper_line} (${upper.layer}) does not`,
      { path: POLICY_PATH, field, line, upper_line, value: plainText(value) },
    ),
  );
}

/** @throws POLICY_INVALID, POLICY_CHANGED, POLICY_LOOSENED (the first) */
async function readPermissionPolicy(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
): Promise<{ readonly policy: PermissionPolicy; readonly text: string }> {
  const policy = readPolicy({ fs }, plane);
  const path = `${plane.root}/${POLICY_PATH}`;
  const text = fs.stat(path) === undefined ? "" : fs.readText(path);
  const [first] = await policyProblems(text, policy);
  if (first !== undefined) throw first;
  return { policy, text };
}

/** The same for the file as it lies there, whether it was accepted or not. @throws POLICY_INVALID, POLICY_LOOSENED */
export async function checkPolicyFile({ fs }: Pick<Effects, "fs">, plane: Plane): Promise<PermissionPolicy> {
  const path = `${plane.root}/${POLICY_PATH}`;
  const text = fs.stat(path)?.kind === "file" ? fs.readText(path) : "";
  const policy = parsePolicy(text);
  const [first] = await policyProblems(text, policy);
  if (first !== undefined) throw first;
  return policy;
}

/** Rule by rule. @throws POLICY_* */
export async function whyPolicy(effects: Pick<Effects, "fs">, plane: Plane, asked: Asked): Promise<Ruled[]> {
  const { policy, text } = await readPermissionPolicy(effects, plane);
  const decisions = judgeScopes(policy, asked);
  const pointers = decisions.flatMap(({ rulings }) => rulings.map(({ pointer }) => pointer));
  const lines = pointers.length === 0 ? new Map<string, number>() : await linesOf(text, pointers);
  const withLine = (ruling: Ruling): RuledBy => ({ ...ruling, line: lines.get(ruling.pointer) ?? 1 });
  return decisions.map((one) => ({
    ...one,
    rule: one.rule === null ? null : withLine(one.rule),
    rulings: one.rulings.map(withLine),
  }));
}

/** Everything the policy denies to a plugin. @throws POLICY_* when the policy itself cannot be used */
export async function policyDenials(
  effects: Pick<Effects, "fs">,
  plane: Plane,
  asked: Asked,
): Promise<Fault[]> {
  const decisions = await whyPolicy(effects, plane, asked);
  return decisions.flatMap(({ asked: scope, allowed, rule }) => {
    if (allowed || rule === null) return [];
    const { namespace, package_id } = asked;
    const { layer, field, line } = rule;
    return [
      make(
        "PLUGIN_POLICY_DENIED",
        `the policy denies ${plainText(scope)} to ${namespace}: ${field} of ${layer}, line ${line}`,
        { namespace, package_id, scope: plainText(scope), rule: `${layer} ${field}`, line },
      ),
    ];
  });
}

/** @throws PLUGIN_POLICY_DENIED (the first), POLICY_* */
export async function requirePolicy(effects: Pick<Effects, "fs">, plane: Plane, asked: Asked): Promise<void> {
  const [first] = await policyDenials(effects, plane, asked);
  if (first !== undefined) throw first;
}
