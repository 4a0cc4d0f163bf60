import { z } from "zod";
import { approve as approveWeaker } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";

export const approve = operation({
  name: "approve",
  summary: "Accept a weaker protection by name, for a time and with a reason; it is recorded in the ledger.",
  examples: [
    'pkg approve health-without-jail --reason "kernel without namespaces until the upgrade" --days 14',
    'pkg approve health-without-jail --reason "upgraded" --days 0',
    'pkg approve run-without-bubblewrap --reason "bubblewrap comes with the next image" --days 7',
  ],
  authorised: true,
  input: z.strictObject({
    subject: z.enum(["health-without-jail", "run-without-bubblewrap"]).meta({
      description:
        "What is accepted: health-without-jail runs health checks where no jail works; run-without-bubblewrap runs plugins behind the next layer where bubblewrap does not work.",
      positional: 0,
    }),
    reason: z.string().min(3).max(500).meta({ description: "Why." }),
    days: z.coerce.number().int().min(0).max(365).meta({ description: "How long; 0 takes it back." }),
  }),
  run: async (context, { subject, reason, days }) => {
    const { token, wait_ms } = context;
    return {
      result: await approveWeaker(context.effects, planeOf(context), {
        subject,
        reason,
        days,
        token,
        wait_ms,
      }),
    };
  },
  text: ({ approvals }) =>
    approvals.length === 0
      ? "Nothing is approved.\n"
      : `${approvals.map((one) => `${one.subject} is approved until ${one.expires_at}: ${one.reason}`).join("\n")}\n`,
});
