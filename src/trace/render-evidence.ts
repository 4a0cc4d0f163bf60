/** Statements with their evidence for people, after everything else. */
import type { Evidence, TraceStatement } from "../contracts/index.ts";
import { indented, limited, section, wrapped } from "./page.ts";

const SHOWN_MAX = 100;

export function evidenceSection(statements: readonly TraceStatement[]): string[] {
  return section(
    "Evidence",
    limited(statements, SHOWN_MAX, ({ says, evidence }) => [
      ...wrapped(says),
      ...evidence.flatMap(placeLines),
    ]),
  );
}

function placeLines({ kind, path, line, key, proof }: Evidence): string[] {
  const place = `${path}${line === null ? "" : `:${line}`}`;
  const named = key === null || kind === "file" || key === path ? "" : ` ${key}`;
  return [...indented(`${place}${named}`, 4), ...(proof === null ? [] : proofLines(proof))];
}

function proofLines({ digest, holds, recorded_by, inclusion }: NonNullable<Evidence["proof"]>): string[] {
  const verdict =
    holds === null
      ? "nothing records its digest"
      : holds
        ? `as ${recorded_by ?? "recorded"} states`
        : "DOES NOT HOLD";
  return [
    ...indented(digest, 6),
    ...indented(verdict, 6),
    ...(inclusion === null
      ? []
      : indented(
          `in the log ${inclusion.origin} at ${inclusion.leaf_index} of ${inclusion.tree_size}, root ${inclusion.root_hash}`,
          6,
        )),
  ];
}
