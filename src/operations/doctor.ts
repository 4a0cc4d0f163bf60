import { z } from "zod";
import { pendingTransactions } from "../journal/index.ts";
import { writing } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";

export const doctor = operation({
  name: "doctor",
  summary: "Finish or undo whatever an interrupted command left, and say what was done.",
  examples: ["pkg doctor"],
  authorised: false,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    const pending = pendingTransactions(context.effects, plane.root);
    const recovered = await writing(
      context.effects,
      plane,
      {
        user: "recovery",
        records_edits: false,
        ...(context.wait_ms === undefined ? {} : { wait_ms: context.wait_ms }),
      },
      async (session) => session.recovered,
    );
    return {
      result: {
        pending_before: pending.length,
        recovered,
        node: context.effects.host.node_version,
        version: context.version,
      },
    };
  },
  text: ({ recovered }) =>
    recovered.length === 0
      ? "Nothing was interrupted; 0 transactions to recover.\n"
      : `${recovered.map((one) => `${one.transaction_id} (${one.operation} ${one.subject}): ${one.outcome} (it had reached ${one.phase})`).join("\n")}\n`,
});
