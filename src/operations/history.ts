import { z } from "zod";
import { type HistoryEvent, packageHistory } from "../lifecycle/index.ts";
import { reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { requireKnown } from "./list.ts";

export const history = operation({
  name: "history",
  summary: "Show what was done to packages, and what failed and was rolled back, newest first.",
  examples: ["pkg history", "pkg history PKG-T1-RUNTIME-001 --json"],
  authorised: false,
  input: z.strictObject({
    id: z.string().optional().meta({ description: "Package id.", positional: 0 }),
    limit: z.coerce.number().int().min(1).max(100_000).default(50).meta({ description: "How many to show." }),
  }),
  run: async (context, { id, limit }) => {
    const plane = planeOf(context);
    const result = await reading(context.effects, plane, async () => {
      const found = packageHistory(context.effects, plane, { package_id: id, limit });
      if (id !== undefined && found.total === 0) requireKnown(context, plane, id);
      return found;
    });
    return { result };
  },
  text: ({ events, total }, { id }) => {
    if (total === 0)
      return id === undefined
        ? "Nothing was done yet.\n"
        : `Nothing was ever done to ${id}, which is registered.\n`;
    const lines = events.flatMap((one) => [
      `${one.at}  ${one.event.padEnd(12)}  ${oneLine(about(one))}${one.user === null ? "" : ` (${one.user})`}`,
      ...(one.phase === null ? [] : [`    in ${one.phase}${one.code === null ? "" : ` [${one.code}]`}`]),
      ...(one.timeline.length === 0
        ? []
        : [`    ${one.timeline.map(({ phase, duration_ms }) => `${phase} ${duration_ms} ms`).join(", ")}`]),
    ]);
    return [...lines, `${events.length} of ${total} shown`, ""].join("\n");
  },
});

/** A name in the ledger must not look like a line of ours. */
const oneLine = (text: string): string => text.replace(/\s+/g, " ");

/** A reason that names no package gets them in front. */
function about({ package_ids, reason }: HistoryEvent): string {
  if (package_ids.length === 0 || package_ids.some((id) => reason.includes(id))) return reason;
  return `${package_ids.join(", ")}: ${reason}`;
}
