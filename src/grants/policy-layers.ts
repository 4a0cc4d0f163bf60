/** The layers of the permission policy in force for a package, and whether a lower one loosens a higher. Pure. */
import type { PermissionRules, SignaturePolicy } from "../contracts/index.ts";
import { covers } from "./scopes.ts";

/** The part of `config/policy.toml` that speaks of permissions. */
export type PermissionPolicy = Pick<SignaturePolicy, "organisation" | "plane" | "package">;
export type RuleField = keyof PermissionRules;

export interface Layer {
  /** As people read it: `organisation`, `plane`, `package "PKG-…"`. */
  readonly name: string;
  /** JSON pointer of its rules in the policy. */
  readonly pointer: string;
  readonly rules: PermissionRules;
}

/** Highest first. */
export function layersOf(policy: PermissionPolicy, package_id: string): Layer[] {
  const of_package = policy.package?.[package_id];
  return [
    ...layer("organisation", "/organisation/permissions", policy.organisation),
    ...layer("plane", "/plane/permissions", policy.plane),
    ...layer(`package "${package_id}"`, `/package/${package_id}/permissions`, of_package),
  ];
}

const layer = (
  name: string,
  pointer: string,
  value: { readonly permissions: PermissionRules } | undefined,
): Layer[] => (value === undefined ? [] : [{ name, pointer, rules: value.permissions }]);

/** Which kind of scope a list of the policy is about. */
export const LISTS = {
  files_read: "files.read",
  files_write: "files.write",
  files_execute: "files.execute",
  network: "network",
  environment: "environment",
  tools: "tool",
} as const satisfies Partial<Record<RuleField, string>>;
export type ListField = keyof typeof LISTS;

export interface Loosening {
  readonly upper: { readonly layer: string; readonly pointer: string };
  readonly lower: { readonly layer: string; readonly pointer: string };
  readonly field: RuleField;
  /** What the lower layer allows and the upper one does not. */
  readonly value: string;
}

/** Every place where a lower layer allows what a higher one does not, in the order of the file's layers. */
export function looseningsOf(policy: PermissionPolicy): Loosening[] {
  const shared = layersOf({ ...policy, package: undefined }, "");
  const chains = Object.keys(policy.package ?? {}).map((id) => layersOf(policy, id));
  const found = [shared, ...chains].flatMap((chain, index) =>
    chain.flatMap((lower, at) =>
      // What the shared layers say of one another is said once.
      index > 0 && at < shared.length ? [] : chain.slice(0, at).flatMap((upper) => between(upper, lower)),
    ),
  );
  return found;
}

function between(upper: Layer, lower: Layer): Loosening[] {
  return (Object.keys(lower.rules) as RuleField[]).flatMap((field) =>
    looser(field, upper.rules, lower.rules).map(({ value, index }) => ({
      upper: { layer: upper.name, pointer: `${upper.pointer}/${field}` },
      lower: {
        layer: lower.name,
        pointer: `${lower.pointer}/${field}${index === undefined ? "" : `/${index}`}`,
      },
      field,
      value,
    })),
  );
}

function looser(
  field: RuleField,
  upper: PermissionRules,
  lower: PermissionRules,
): { value: string; index?: number }[] {
  const above = upper[field];
  const below = lower[field];
  if (above === undefined || below === undefined || field === "deny") return [];
  if (Array.isArray(below) && Array.isArray(above)) {
    const allowed: readonly string[] = above;
    const holds = (value: string): boolean =>
      isList(field)
        ? allowed.some((one) => covers(`${LISTS[field]}:${one}`, `${LISTS[field]}:${value}`))
        : allowed.includes(value);
    return below.flatMap((value, index) => (holds(value) ? [] : [{ value, index }]));
  }
  const is_looser =
    (typeof above === "number" && typeof below === "number" && below > above) ||
    (above === false && below === true) ||
    (above === "deny" && below === "approve");
  return is_looser ? [{ value: String(below) }] : [];
}

const isList = (field: RuleField): field is ListField => Object.hasOwn(LISTS, field);
