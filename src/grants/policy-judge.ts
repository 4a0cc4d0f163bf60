/** What the policy says to each thing a plugin asks for, and by which rule. Pure. */
import type { PermissionRules, Scope } from "../contracts/index.ts";
import type { Asked } from "./asked.ts";
import { overlaps } from "./overlap.ts";
import {
  type Layer,
  LISTS,
  type ListField,
  layersOf,
  type PermissionPolicy,
  type RuleField,
} from "./policy-layers.ts";
import { covers, partsOf, type ScopeKind } from "./scopes.ts";

export interface Ruling {
  readonly layer: string;
  readonly field: RuleField;
  readonly pointer: string;
  readonly allows: boolean;
}

export interface Decision {
  /** A scope, or `kind:agent`, `runtime:python`, `elevated:SCOPE`. */
  readonly asked: string;
  readonly allowed: boolean;
  /** The first rule that denies it, else the lowest that allows it; null where no rule speaks of it. */
  readonly rule: Ruling | null;
  /** Every rule that speaks of it, highest layer first. */
  readonly rulings: readonly Ruling[];
}

type Subject = Pick<Asked, "package_id" | "kind" | "runtime" | "scopes" | "above">;

/** In the order: kind, runtime, scopes, elevated scopes. */
export function judgeScopes(policy: PermissionPolicy, subject: Subject): Decision[] {
  const layers = layersOf(policy, subject.package_id);
  const decide = (asked: string, judge: (layer: Layer) => Ruling[]): Decision => {
    const rulings = layers.flatMap(judge);
    const rule = rulings.find(({ allows }) => !allows) ?? rulings.at(-1) ?? null;
    return { asked, allowed: rule?.allows ?? true, rule, rulings };
  };
  return [
    decide(`kind:${subject.kind}`, (layer) => ofChoice(layer, "kinds", subject.kind)),
    decide(`runtime:${subject.runtime}`, (layer) => ofChoice(layer, "runtimes", subject.runtime)),
    ...subject.scopes
      .filter((scope) => !scope.startsWith("files.forbidden:"))
      .map((scope) => decide(scope, (layer) => ofScope(layer, scope))),
    ...subject.above.map((scope) => decide(`elevated:${scope}`, ofElevated)),
  ];
}

const ruling = ({ name, pointer }: Layer, field: RuleField, allows: boolean, index?: number): Ruling => ({
  layer: name,
  field,
  pointer: `${pointer}/${field}${index === undefined || index < 0 ? "" : `/${index}`}`,
  allows,
});

function ofChoice(layer: Layer, field: "kinds" | "runtimes", value: string): Ruling[] {
  const allowed: readonly string[] | undefined = layer.rules[field];
  if (allowed === undefined) return [];
  const index = allowed.indexOf(value);
  return [ruling(layer, field, index >= 0, index)];
}

function ofElevated(layer: Layer): Ruling[] {
  const { elevated } = layer.rules;
  return elevated === undefined ? [] : [ruling(layer, "elevated", elevated === "approve")];
}

const FIELD_OF: Readonly<Record<Exclude<ScopeKind, "files.forbidden">, Exclude<RuleField, "deny">>> = {
  "files.read": "files_read",
  "files.write": "files_write",
  "files.execute": "files_execute",
  network: "network",
  environment: "environment",
  tool: "tools",
  subprocess: "subprocess",
  tokens: "tokens_max",
  cost: "cost_units_max",
};

function ofScope(layer: Layer, scope: Scope): Ruling[] {
  const denied = (layer.rules.deny ?? []).findIndex((one) => overlaps(one, scope));
  const by_deny = denied >= 0 ? [ruling(layer, "deny", false, denied)] : [];
  const kind = partsOf(scope)?.kind;
  // What is no known permission is allowed by no rule; a thing one forbids oneself needs none.
  if (kind === undefined || kind === "files.forbidden") return by_deny;
  const field = FIELD_OF[kind];
  const allows = allowedBy(layer.rules, field, scope);
  return allows === undefined ? by_deny : [...by_deny, ruling(layer, field, allows.yes, allows.index)];
}

function allowedBy(
  rules: PermissionRules,
  field: Exclude<RuleField, "deny">,
  scope: Scope,
): { yes: boolean; index?: number } | undefined {
  const value = rules[field];
  if (value === undefined) return undefined;
  if (typeof value === "boolean") return { yes: value };
  if (typeof value === "number") return { yes: covers(`${partsOf(scope)?.kind}:${value}`, scope) };
  if (!Array.isArray(value)) return { yes: false };
  const index = value.findIndex((one) => covers(`${LISTS[field as ListField]}:${one}`, scope));
  return { yes: index >= 0, index };
}
