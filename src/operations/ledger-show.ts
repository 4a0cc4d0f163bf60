import { z } from "zod";
import { judgeLine, type LineState } from "../ledger/index.ts";
import { operation, planeOf } from "./define.ts";
import { readableStream } from "./fields.ts";
import { entryLines } from "./ledger-entry-text.ts";
import { findNamed } from "./ledger-find.ts";

export const ledgerShow = operation({
  name: "ledger show",
  summary: "Show one entry with all it says, where it stands, and whether it has the hash it states.",
  examples: [
    "pkg ledger show LED-0123456789abcdef0123456789abcdef",
    "pkg ledger show 0 --stream ledger/packages.jsonl --json",
  ],
  authorised: false,
  input: z.strictObject({
    entry: z.string().min(1).max(200).meta({
      description: "Its id, its entry hash, or its number counted from 0 (with --stream).",
      positional: 0,
    }),
    stream: readableStream.optional().meta({ description: "Stream it is in; default: all are searched." }),
  }),
  run: async (context, { entry: named, stream }) => {
    const found = findNamed(context, planeOf(context), named, stream);
    const { line, text, entry } = found;
    const judged = judgeLine(text);
    return {
      result: { stream: found.stream, index: line - 1, line, ...judged, entry: entry ?? null, text },
      exit_code: judged.state === "sound" ? 0 : 1,
    };
  },
  text: ({ stream, line, entry, text, ...judged }) =>
    [
      ...entryLines({ stream, entry: entry ?? undefined, text }),
      ...(entry === null
        ? []
        : [
            `decision       ${entry.decision}`,
            ...entry.prompts_used.map((prompt) => `prompt         ${prompt}`),
            `previous_hash  ${entry.previous_hash}`,
            `entry_hash     ${entry.entry_hash}`,
            `metadata       ${JSON.stringify(entry.metadata, null, 2).replaceAll("\n", "\n               ")}`,
          ]),
      `line           ${line} of ${stream}`,
      `verdict        ${verdictOf(judged)}`,
      "",
    ].join("\n"),
});

function verdictOf({ state, reason, computed_hash }: LineState): string {
  if (state === "sound") return "it has the hash it states";
  if (state === "malformed") return `not an entry: ${reason ?? ""}`;
  return `edited: its hash is ${computed_hash ?? ""}`;
}
