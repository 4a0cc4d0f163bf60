/** What a manifest asks beyond the grant in force, in words, one line each. Pure. */
import semver from "semver";
import type { Grant } from "../contracts/index.ts";
import type { Asked } from "./asked.ts";
import { profileOf } from "./profiles.ts";
import { inWords, plainText, widening } from "./scopes.ts";

export interface Difference {
  /** What the grant does not cover; empty when it covers all. */
  readonly expansions: readonly string[];
  /** What was granted and is no longer asked for; free. */
  readonly narrowings: readonly string[];
}

/** @param archive_hash of the code as it is, or will be, installed */
export function differenceOf(grant: Grant | null, asked: Asked, archive_hash: string | null): Difference {
  if (grant === null) return { expansions: everything(asked), narrowings: [] };
  const { added, unforbidden } = widening(grant.scopes, asked.scopes);
  const back = widening(asked.scopes, grant.scopes);
  const gained = asked.capability.filter((one) => !grant.capability.includes(one));
  const lost = grant.capability.filter((one) => !asked.capability.includes(one));
  return {
    expansions: [
      ...changed("kind", grant.kind, asked.kind),
      ...changed("runtime", grant.runtime, asked.runtime),
      ...changed("entrypoint", grant.entrypoint, asked.entrypoint),
      ...gained.map((one) => `adds capability: ${one}`),
      ...added.map((scope) => `adds ${inWords(scope)}`),
      ...unforbidden.map((scope) => `no longer forbids: ${inWords(scope).replace(/^forbidden: /, "")}`),
      ...ofCode(grant, asked, archive_hash),
    ],
    narrowings: [
      ...lost.map((one) => `drops capability: ${one}`),
      ...back.added.map((scope) => `drops ${inWords(scope)}`),
      ...back.unforbidden.map((scope) => `now forbids: ${inWords(scope).replace(/^forbidden: /, "")}`),
    ],
  };
}

const changed = (what: string, before: string, after: string): string[] =>
  before === after ? [] : [`changes ${what}: ${plainText(before)} → ${plainText(after)}`];

function everything(asked: Asked): string[] {
  return [
    `adds kind: ${asked.kind} (${profileOf(asked.kind).title})`,
    `adds entrypoint: ${plainText(asked.entrypoint)} (${asked.runtime})`,
    ...asked.capability.map((one) => `adds capability: ${one}`),
    ...asked.scopes.map(
      (scope) => `${scope.startsWith("files.forbidden:") ? "has" : "adds"} ${inWords(scope)}`,
    ),
  ];
}

function ofCode(grant: Grant, asked: Asked, archive_hash: string | null): string[] {
  const is_other = grant.archive_hash !== null && grant.archive_hash !== archive_hash;
  const is_within = semver.satisfies(asked.version, grant.version_range, { includePrerelease: true });
  return [
    ...(is_other
      ? [`changes code under the pinned grant: ${grant.archive_hash} → ${archive_hash ?? "none"}`]
      : []),
    ...(is_within ? [] : [`leaves the granted versions: ${asked.version} is not in ${grant.version_range}`]),
  ];
}
