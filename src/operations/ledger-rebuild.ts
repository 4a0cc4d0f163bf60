import { z } from "zod";
import { rebuildTree, requireLog } from "../ledger/index.ts";
import { operation, planeOf } from "./define.ts";
import { streamName } from "./fields.ts";
import { chosenStreams } from "./ledger-streams.ts";

export const ledgerRebuild = operation({
  name: "ledger rebuild",
  summary:
    "Write the tiles of the ledgers again from their lines, and sign a checkpoint where the key can be reached.",
  examples: ["pkg ledger rebuild", "pkg ledger rebuild --stream ledger/packages.jsonl"],
  authorised: false,
  input: z.strictObject({
    stream: z.array(streamName).optional().meta({
      description: "Stream; repeat for several. Default: all that are logs, which sessions are not.",
    }),
  }),
  run: async (context, { stream }) => {
    const plane = planeOf(context);
    const streams: { stream: string; state: string }[] = [];
    const chosen = chosenStreams(context, plane, stream);
    if (stream !== undefined) for (const one of chosen) requireLog(one);
    for (const one of chosen.filter(({ log }) => log !== undefined))
      streams.push({ stream: one.name, state: await rebuildTree(context.effects, one) });
    return { result: { streams }, exit_code: streams.some(({ state }) => state === "conflict") ? 1 : 0 };
  },
  text: ({ streams }) =>
    streams.map(({ stream, state }) => `${stream}: ${STATES[state] ?? state}\n`).join(""),
});

const STATES: Readonly<Record<string, string>> = {
  signed: "tiles written, checkpoint signed",
  unsigned: "tiles written; no signing key can be reached, so there is no new checkpoint",
  conflict: "left alone: its lines do not continue the checkpoint this plane signed",
  skipped: "it has no entries",
};
