import type { z } from "zod";
import { childOf, pointerOf } from "./pointer.ts";

export interface Issue {
  /** JSON pointer (RFC 6901). */
  readonly field: string;
  readonly message: string;
  /** Set for a key nobody knows: the keys its object has. */
  readonly known?: readonly string[];
}

/** The first problem zod found, as a JSON pointer and one sentence; unknown keys name themselves. */
export function firstIssue(error: z.ZodError): Issue {
  return issuesOf(error)[0] ?? { field: "/", message: "is not valid" };
}

/** Every problem zod found in `raw`, which tells a missing field from one of the wrong kind. */
export function issuesOf(error: z.ZodError, raw?: unknown): Issue[] {
  return error.issues.flatMap((issue) => {
    const base = pointerOf(issue.path.map((part) => (typeof part === "symbol" ? String(part) : part)));
    const field = issue.path.length === 0 ? "/" : base;
    if (issue.code !== "unrecognized_keys") return [{ field, message: sentence(issue, raw) }];
    return issue.keys.map((key) => ({
      field: childOf(field, key),
      message: "is not a known field",
      known: issue.message.startsWith(KNOWN) ? issue.message.slice(KNOWN.length).split("\n") : [],
    }));
  });
}

export const MISSING = "is missing";
const KNOWN = "known fields:\n";

/** Given to `safeParse`: an unknown key comes with the names its object knows, which zod's own sentence leaves out. */
export const nameKnownKeys: { error: z.core.$ZodErrorMap } = {
  error: (issue) => {
    if (issue.code !== "unrecognized_keys") return undefined;
    const { shape = {} } = (issue.inst ?? {}) as { shape?: Record<string, unknown> };
    return KNOWN + Object.keys(shape).join("\n");
  },
};

function sentence({ message, path }: z.core.$ZodIssue, raw: unknown): string {
  if (path.length > 0 && raw !== undefined && valueAt(raw, path) === undefined) return MISSING;
  const expected = /^Invalid option: expected one of (.*)$/.exec(message)?.[1];
  if (expected !== undefined) return `must be one of ${expected.replaceAll('"', "").replaceAll("|", ", ")}`;
  const plain = /^Invalid input: expected (\w+), received (\w+)$/.exec(message);
  if (plain !== null) return `must be ${article(plain[1] ?? "")}, not ${article(plain[2] ?? "")}`;
  return message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

const article = (word: string): string =>
  word === "undefined" || word === "null" ? word : `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;
