import { z } from "zod";
import { appendEntries, type LoggedVerdict, verifyStream, withLog } from "../ledger/index.ts";
import { authorise, PLANE_STREAMS, planeStream } from "../plane/index.ts";
import { KEY_EVENTS } from "../provenance/index.ts";
import { operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { findingLines } from "./finding-lines.ts";

const StreamName = z
  .string()
  .regex(
    /^(ledger|planes\/ho[12]\/ledger)\/[A-Za-z0-9_-]+\.jsonl$/,
    "must look like ledger/governance.jsonl",
  );

export const ledgerVerify = operation({
  name: "ledger verify",
  summary:
    "Recompute every hash and link of the ledgers, their tiles and checkpoints, and hold their ends against the heads.",
  examples: ["pkg ledger verify", "pkg ledger verify ledger/packages.jsonl --json"],
  authorised: false,
  input: z.strictObject({
    streams: z
      .array(StreamName)
      .optional()
      .meta({ description: "Streams to verify; default: all of the plane.", positional: 0 }),
  }),
  run: async (context, input) => {
    const plane = planeOf(context);
    const names = input.streams === undefined || input.streams.length === 0 ? PLANE_STREAMS : input.streams;
    const { fs } = context.effects;
    const streams = names.map((name) => {
      const stream = planeStream(plane, name);
      return withLog(fs, stream, verifyStream(fs, stream));
    });
    const valid = streams.length > 0 && streams.every((verdict) => verdict.valid);
    const entries = streams.reduce((sum, verdict) => sum + verdict.entries_count, 0);
    return { result: { valid, entries, streams }, exit_code: valid ? 0 : 1 };
  },
  text: ({ valid, entries, streams }) =>
    [
      ...streams.flatMap((verdict) => [
        line(verdict),
        ...findingLines(verdict.findings).map((text) => `  ${text}`),
      ]),
      `Ledger chain: ${valid ? "VALID" : "INVALID"}`,
      `Total entries: ${entries}`,
      "",
    ].join("\n"),
});

function line({ stream, valid, entries_count, uncovered_count, head, log }: LoggedVerdict): string {
  const beyond = uncovered_count > 0 ? `, ${uncovered_count} beyond the head` : "";
  const signed = log?.checkpoint === undefined ? "" : `, checkpoint ${log.checkpoint.size}`;
  return `${valid ? "ok  " : "BAD "} ${stream}  ${entries_count} entries, head ${head}${beyond}${signed}`;
}

/** What Holdfast itself writes in lower case: nobody else may speak in its name. */
const OWN_EVENTS = new Set([
  "auth_refused",
  "auth_secrets_initialized",
  "package_pack",
  "policy_accepted",
  "registered",
  "registry_edited",
  "spec_reviewed",
  "token_issued",
  "token_revoked",
  "unregistered",
  ...KEY_EVENTS,
]);

export const ledgerAppend = operation({
  name: "ledger append",
  summary: "Record an event of your own; acknowledged only once it is on disk.",
  examples: [
    'pkg ledger append --event change_approved --subject PKG-T1-RUNTIME-001 --decision APPROVED --reason "CAB 42"',
  ],
  authorised: true,
  input: z.strictObject({
    stream: StreamName.default("ledger/governance.jsonl").meta({ description: "Stream to append to." }),
    event: z
      .string()
      .regex(/^[a-z][a-z0-9_.]{0,63}$/, "must be lower case words joined by _ or .")
      .meta({ description: "Event type." }),
    subject: z.string().max(256).default("").meta({ description: "What it is about (submission_id)." }),
    decision: z.string().max(128).default("RECORDED").meta({ description: "Decision." }),
    reason: z.string().max(4096).default("").meta({ description: "Why." }),
  }),
  run: async (context, input) => {
    if (OWN_EVENTS.has(input.event)) {
      throw make("EVENT_RESERVED", `${input.event} is an event Holdfast records by itself`, {
        event: input.event,
      });
    }
    const plane = planeOf(context);
    const { user } = await authorise(context.effects, plane, context.token, { action: "ledger_append" });
    const { entries } = await appendEntries(context.effects, planeStream(plane, input.stream), [
      {
        event_type: input.event,
        submission_id: input.subject,
        decision: input.decision,
        reason: input.reason,
        metadata: { user },
      },
    ]);
    return { result: { stream: input.stream, entry: entries[0] ?? null } };
  },
  text: ({ stream, entry }) => `${entry?.id ?? ""} recorded in ${stream}\n`,
});
