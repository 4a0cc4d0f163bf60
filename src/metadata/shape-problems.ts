/** A problem of shape: an unknown key with the nearest known one, a section of a later version, or a wrong value. */
import { HEALTH_IDS_DIFFER } from "../contracts/index.ts";
import { nearestOf } from "../json-schema/index.ts";
import { type Issue, MISSING } from "./issues.ts";
import { LATER, listOf, memberOf } from "./plugin/section.ts";
import { childOf, parentOf } from "./pointer.ts";
import type { Problem } from "./problems.ts";

/** All of them, less what is missing only because its name is misspelt. */
export function shapeProblems(
  issues: readonly Issue[],
  raw: unknown,
  inFile: (pointer: string) => string,
): Problem[] {
  const misspelt = new Set(
    issues.flatMap(({ field, known }) => {
      const nearest = known === undefined ? undefined : nearestOf(lastOf(field), known);
      return nearest === undefined ? [] : [childOf(parentOf(field), nearest)];
    }),
  );
  return issues
    .filter(({ field, message }) => message !== MISSING || !misspelt.has(field))
    .filter(({ field }) => !isLater(field, raw))
    .map((issue) => problemOf(issue, inFile(issue.field)));
}

function problemOf({ field, message, known }: Issue, pointer: string): Problem {
  if (message === HEALTH_IDS_DIFFER) return { code: "METADATA_DUPLICATE", message, pointer };
  if (known === undefined) return { code: "METADATA_INVALID", message, pointer };
  const nearest = nearestOf(lastOf(field), known);
  return {
    code: "METADATA_FIELD_UNKNOWN",
    message: nearest === undefined ? message : `${message}; the nearest is ${nearest}`,
    pointer,
    of: "key",
    ...(nearest === undefined ? {} : { details: { nearest } }),
  };
}

/** Sections of later versions have a rule of their own. */
function isLater(field: string, raw: unknown): boolean {
  const [, section, name = "", index] = field.split("/");
  if (section !== "plugin") return false;
  if (name !== "capability") return index === undefined && LATER.has(name);
  return LATER.has(String(listOf(memberOf(raw, "plugin"), name)[Number(index)]));
}

const lastOf = (field: string): string => field.slice(field.lastIndexOf("/") + 1);
