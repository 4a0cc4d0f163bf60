import { z } from "zod";
import { type IndexPart, rebuildIndex } from "../index-db/index.ts";
import { ledgerStreams, reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";

export const rebuildIndexOperation = operation({
  name: "rebuild-index",
  summary:
    "Read registries, receipts and ledgers into the index again; it changes no answer, only how fast it comes.",
  examples: ["pkg rebuild-index", "pkg rebuild-index --json"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const { effects, onProgress } = context;
    const plane = planeOf(context);
    const streams = ledgerStreams(effects.fs, plane.root);
    const parts = await reading(effects, plane, async () =>
      rebuildIndex(effects, plane.root, streams, (part) => onProgress(`Reading ${part}`)),
    );
    if (parts === undefined)
      throw make("INDEX_UNAVAILABLE", `no index can be kept in ${plane.root}/.holdfast/cache`, {
        path: plane.root,
      });
    return { result: { parts, diverged: parts.filter(({ state }) => state === "diverged").length } };
  },
  text: ({ parts }) => `${["The index was made anew.", ...indexLines(parts)].join("\n")}\n`,
});

/** One line a part, for this command and `pkg status`. */
export function indexLines(parts: readonly IndexPart[]): string[] {
  return parts.map(
    ({ part, source, canonical, derived, state }) =>
      `  ${source}: ${canonical} ${part}, ${derived} in the index (${state})`,
  );
}
