/** Permissions as a sorted list of scopes, and what one list allows that another does not. Pure. */
import type { Permissions, PluginAction, Scope } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { globCovers, segmentCovers } from "./glob-cover.ts";

export const SCOPE_KINDS = [
  "files.read",
  "files.write",
  "files.execute",
  "files.forbidden",
  "network",
  "environment",
  "subprocess",
  "tool",
  "tokens",
  "cost",
] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

export interface ScopeParts {
  readonly kind: ScopeKind;
  /** Glob, domain, name or whole number; empty for `subprocess`. */
  readonly value: string;
}

/** `files.read:a/**` → kind and value; undefined for a text of no known kind. */
export function partsOf(scope: Scope): ScopeParts | undefined {
  const colon = scope.indexOf(":");
  const name = colon < 0 ? scope : scope.slice(0, colon);
  const kind = SCOPE_KINDS.find((known) => known === name);
  if (kind === undefined || colon < 0 !== (kind === "subprocess")) return undefined;
  return { kind, value: colon < 0 ? "" : scope.slice(colon + 1) };
}

const orderly = (scopes: Iterable<Scope>): Scope[] => [...new Set(scopes)].sort(compareCodePoints);

/** Every permission as one scope, sorted by code point, none twice. What is left out of the manifest is not asked for. */
export function scopesOf(permissions: Permissions): Scope[] {
  const { files, network, environment, subprocess, tools, tokens_max, cost_units_max } = permissions;
  const globs = (["read", "write", "execute", "forbidden"] as const).flatMap((verb) =>
    (files?.[verb] ?? []).map((glob) => `files.${verb}:${glob}`),
  );
  return orderly([
    ...globs,
    ...network.map((domain) => `network:${domain}`),
    ...environment.map((name) => `environment:${name}`),
    ...(subprocess ? ["subprocess"] : []),
    ...tools.map((name) => `tool:${name}`),
    ...(tokens_max === undefined ? [] : [`tokens:${tokens_max}`]),
    ...(cost_units_max === undefined ? [] : [`cost:${cost_units_max}`]),
  ]);
}

/** Outputs of an action that is a turn; `<session_id>` stands for whatever session it is of. */
export const turnScopes = ({ turn }: Pick<PluginAction, "turn">): Scope[] =>
  (turn?.outputs ?? []).map((path) => `files.write:${path}`);

/**
 * True only if `outer` allows (or, for `files.forbidden`, forbids) everything that `inner` does. A yes is always right.
 * `*.example.org` covers the names below `example.org`, not `example.org`; ports must be the same.
 */
export function covers(outer: Scope, inner: Scope): boolean {
  const allowed = partsOf(outer);
  const asked = partsOf(inner);
  if (allowed === undefined || asked === undefined || allowed.kind !== asked.kind) return false;
  if (asked.kind === "subprocess") return true;
  if (asked.kind === "network") return domainCovers(allowed.value, asked.value);
  if (asked.kind === "tokens" || asked.kind === "cost") return numberCovers(allowed.value, asked.value);
  if (asked.kind === "environment" || asked.kind === "tool") return segmentCovers(asked.value, allowed.value);
  return globCovers(allowed.value, asked.value);
}

function domainCovers(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (!outer.startsWith("*.")) return false;
  // The dot stays, so that `*.example.org` does not cover `notexample.org`; a star never stands for nothing.
  return inner.endsWith(outer.slice(1)) && inner.length > outer.length - 1;
}

function numberCovers(outer: string, inner: string): boolean {
  if (!/^\d{1,15}$/.test(outer) || !/^\d{1,15}$/.test(inner)) return false;
  return Number(inner) <= Number(outer);
}

export const isCovered = (scope: Scope, by: readonly Scope[]): boolean =>
  by.some((outer) => covers(outer, scope));

export interface Widening {
  /** Scopes that nothing before allowed. */
  readonly added: readonly Scope[];
  /** `files.forbidden` scopes that nothing after still forbids. */
  readonly unforbidden: readonly Scope[];
}

export const isForbidden = (scope: Scope): boolean => scope.startsWith("files.forbidden:");

/** What `after` allows and `before` did not; both lists empty when it allows no more. */
export function widening(before: readonly Scope[], after: readonly Scope[]): Widening {
  return {
    added: orderly(after.filter((scope) => !isForbidden(scope) && !isCovered(scope, before))),
    unforbidden: orderly(before.filter((scope) => isForbidden(scope) && !isCovered(scope, after))),
  };
}

export const isWider = ({ added, unforbidden }: Widening): boolean => added.length + unforbidden.length > 0;

/** `files.write:data/**` → `write: data/**`: one line that a terminal cannot be fooled with. */
export function inWords(scope: Scope): string {
  const parts = partsOf(scope);
  if (parts === undefined) return plainText(scope);
  const value = plainText(parts.value);
  if (parts.kind === "subprocess") return "subprocess: programs of its own";
  if (parts.kind === "tokens") return `tokens: up to ${value} in one run`;
  if (parts.kind === "cost") return `cost: up to ${value} units in one run`;
  return `${parts.kind.replace("files.", "")}: ${value}`;
}

/** Control, format and separator characters as escapes: text from a manifest must not move a cursor or turn a line around. */
export const plainText = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (unit) => `\\u{${(unit.codePointAt(0) ?? 0).toString(16)}}`,
  );
