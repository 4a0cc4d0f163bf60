import { z } from "zod";
import {
  appendEntries,
  type FamilyVerdict,
  type KeptVerdict,
  type LoggedVerdict,
  startStream,
  verifyFamily,
  verifyKept,
  verifyStreams,
} from "../ledger/index.ts";
import { authorise, CONFIG_RECORDED, type Plane, planeStream, TIER_STREAMS } from "../plane/index.ts";
import { KEY_EVENTS } from "../provenance/index.ts";
import { keptHeads } from "../receipts/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { readableStream, streamName } from "./fields.ts";
import { findingLines } from "./finding-lines.ts";
import { chosenStreams } from "./ledger-streams.ts";
import { demandedWitnesses } from "./ledger-witnesses.ts";

export const ledgerVerify = operation({
  name: "ledger verify",
  summary:
    "Recompute every hash and link of the ledgers, hold them against their logs, their heads beside the keys, receipts and one another.",
  examples: [
    "pkg ledger verify",
    "pkg ledger verify ledger/packages.jsonl --json",
    "pkg ledger verify ledger/governance.jsonl --witness witnesses.txt",
  ],
  authorised: false,
  input: z.strictObject({
    streams: z.array(readableStream).optional().meta({
      description: "Streams to verify; default: all of the plane.",
      positional: 0,
    }),
    witness: z.array(z.string().min(1)).optional().meta({
      description:
        "Verifier key of a witness you trust, or a file with one such key a line; each must have signed. Repeat for several.",
    }),
    witnesses_min: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .meta({ description: "How many of the named witnesses must have signed. Default: all." }),
  }),
  run: async (context, input) => {
    const { effects, files } = context;
    const plane = planeOf(context);
    const chosen = chosenStreams(context, plane, input.streams);
    const threads = { worker_url: files.scan_worker_url, threads_count: effects.host.cpu_count };
    const witnesses = demandedWitnesses(context, input);
    const streams = await verifyStreams(effects.fs, chosen, { ...threads, witnesses });
    const streamOf = (name: string) => planeStream(plane, name);
    const family = verifyFamily(effects.fs, chosen, streamOf);
    const names = new Set(chosen.map(({ name }) => name));
    const kept = keptHeads(effects.fs, plane.root).filter(({ stream }) => names.has(stream));
    const receipts = verifyKept(effects.fs, kept, streamOf);
    const valid =
      streams.length > 0 && family.valid && receipts.valid && streams.every((verdict) => verdict.valid);
    const entries = streams.reduce((sum, verdict) => sum + verdict.entries_count, 0);
    return { result: { valid, entries, streams, family, receipts }, exit_code: valid ? 0 : 1 };
  },
  text: ({ valid, entries, streams, family, receipts }) =>
    [
      ...streams.flatMap((verdict) => [line(verdict), ...indented(verdict.findings)]),
      ...familyLines(family),
      ...receiptLines(receipts),
      `Ledger chain: ${valid ? "VALID" : "INVALID"}`,
      `Total entries: ${entries}`,
      "",
    ].join("\n"),
});

function line({ stream, valid, entries_count, uncovered_count, head, log }: LoggedVerdict): string {
  const beyond = uncovered_count > 0 ? `, ${uncovered_count} beyond the head` : "";
  const signed = log?.checkpoint === undefined ? "" : `, checkpoint ${log.checkpoint.size}`;
  const witnessed = (log?.cosigned?.cosigned_by ?? []).map(
    ({ name }) => `, ${log?.cosigned?.size ?? 0} witnessed by ${name}`,
  );
  return `${valid ? "ok  " : "BAD "} ${stream}  ${entries_count} entries, head ${head}${beyond}${signed}${witnessed.join("")}`;
}

function familyLines({ valid, links_count, findings }: FamilyVerdict): string[] {
  if (links_count === 0) return [];
  return [
    `${valid ? "ok  " : "BAD "} ${links_count} statements of ledgers about one another`,
    ...indented(findings),
  ];
}

function receiptLines({ valid, heads_count, findings }: KeptVerdict): string[] {
  if (heads_count === 0) return [];
  return [
    `${valid ? "ok  " : "BAD "} ${heads_count} heads of ledgers kept in receipts`,
    ...indented(findings),
  ];
}

const indented = (findings: LoggedVerdict["findings"]): string[] =>
  findingLines(findings).map((text) => `  ${text}`);

/** What Holdfast itself writes in lower case: nobody else may speak in its name. */
const OWN_EVENTS = new Set([
  "agent_turn",
  "approval",
  "auth_refused",
  "auth_secrets_initialized",
  "capability_violation",
  CONFIG_RECORDED,
  "generation_mark_removed",
  "generation_marked_good",
  "ledger_summary",
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
    stream: streamName.default("ledger/governance.jsonl").meta({ description: "Stream to append to." }),
    event: z
      .string()
      .regex(/^[a-z][a-z0-9_.]{0,63}$/, "must be lower case words joined by _ or .")
      .meta({ description: "Event type." }),
    subject: z.string().max(256).default("").meta({ description: "What it is about (submission_id)." }),
    decision: z.string().max(128).default("RECORDED").meta({ description: "Decision." }),
    reason: z.string().max(4096).default("").meta({ description: "Why." }),
  }),
  run: async (context, input) => {
    if (OWN_EVENTS.has(input.event) || input.event.startsWith("plugin.")) {
      throw make("EVENT_RESERVED", `${input.event} is an event Holdfast records by itself`, {
        event: input.event,
      });
    }
    const plane = planeOf(context);
    const { user } = await authorise(context.effects, plane, context.token, { action: "ledger_append" });
    await startNew(context, plane, input.stream);
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

/** A stream that does not exist yet begins with an entry that names where the one above it stands. */
async function startNew(context: Context, plane: Plane, name: string): Promise<void> {
  const tier = name.startsWith("planes/ho2/")
    ? "ho2"
    : /^planes\/ho1\/|^ledger\/sessions\//.test(name)
      ? "ho1"
      : "ho3";
  const parent = TIER_STREAMS[tier];
  if (parent === name) return;
  await startStream(context.effects, planeStream(plane, name), { tier, parent: planeStream(plane, parent) });
}
