import { z } from "zod";
import { summariseFamily } from "../ledger/index.ts";
import { authorise } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { presentStreams } from "./ledger-streams.ts";

export const ledgerSummarise = operation({
  name: "ledger summarise",
  summary:
    "Record in each ledger where the ledgers below it stand, so that cutting or rewriting one shows in another.",
  examples: ["pkg ledger summarise", "pkg ledger summarise --json"],
  authorised: true,
  input: z.strictObject({}),
  run: async (context) => {
    const plane = planeOf(context);
    const { user } = await authorise(context.effects, plane, context.token, { action: "ledger_append" });
    const options = context.wait_ms === undefined ? {} : { wait_ms: context.wait_ms };
    const summarised = await summariseFamily(context.effects, presentStreams(context, plane), user, options);
    return { result: { summarised } };
  },
  text: ({ summarised }) =>
    summarised.length === 0
      ? "No ledger has grown since it was summarised.\n"
      : summarised
          .map(({ parent, children }) => `${parent}: ${children.map(({ stream }) => stream).join(", ")}\n`)
          .join(""),
});
