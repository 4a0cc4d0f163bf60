import { z } from "zod";
import { endOfLines, linesAfter, readNewest, type StreamRef } from "../ledger/index.ts";
import { planeStream } from "../plane/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { readableStream } from "./fields.ts";
import { entryLines, type ShownEntry } from "./ledger-entry-text.ts";
import { presentStreams, requireThere } from "./ledger-streams.ts";

const LOOK_EVERY_MS = 250;

export const ledgerTail = operation({
  name: "ledger tail",
  summary: "Show the newest entries of one ledger or of all, oldest first, and wait for more with --follow.",
  examples: ["pkg ledger tail -n 20", "pkg ledger tail --stream ledger/packages.jsonl --follow"],
  authorised: false,
  input: z.strictObject({
    number: z.coerce.number().int().min(1).max(100_000).default(10).meta({
      description: "How many to show.",
      short: "n",
    }),
    stream: readableStream.optional().meta({ description: "Stream to show; default: all of the plane." }),
    follow: z.boolean().default(false).meta({
      description: "Go on showing entries as they are recorded, until interrupted.",
      short: "f",
    }),
  }),
  run: async (context, { number, stream, follow }) => {
    const plane = planeOf(context);
    const named = stream === undefined ? [] : [stream];
    // One that is followed may be about to be made.
    if (stream !== undefined && !follow) requireThere(context, planeStream(plane, stream));
    const streams = presentStreams(context, plane, named);
    // Where following begins; taken before, so that nothing recorded meanwhile is missed.
    const positions = new Map(streams.map((one) => [one.path, endOfLines(context.effects.fs, one)]));
    const entries = newest(context, streams, number);
    if (!follow) return { result: { entries } };
    context.onText(textOf(entries));
    const followed: ShownEntry[] = [];
    while (!context.effects.signal.aborted) {
      await context.effects.clock.sleep(LOOK_EVERY_MS);
      const added = presentStreams(context, plane, named).flatMap((one) => addedTo(context, one, positions));
      context.onText(textOf(added));
      followed.push(...added);
      followed.splice(0, followed.length - number);
    }
    return { result: { entries: [...entries, ...followed].slice(-number) } };
  },
  text: ({ entries }, { follow }) => {
    if (follow) return "";
    return entries.length === 0 ? "No entry is recorded yet.\n" : textOf(entries);
  },
});

const textOf = (entries: readonly ShownEntry[]): string =>
  entries
    .flatMap(entryLines)
    .map((line) => `${line}\n`)
    .join("");

function newest({ effects }: Context, streams: readonly StreamRef[], count: number): ShownEntry[] {
  const found = streams.flatMap((stream) =>
    readNewest(effects.fs, stream, count)
      .reverse()
      .map(({ entry, text }) => ({ stream: stream.name, entry, text })),
  );
  if (streams.length < 2) return found;
  // A line without a time stays with its stream's end.
  const time = ({ entry }: ShownEntry): string => entry?.timestamp ?? "~";
  return found.sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0)).slice(-count);
}

/** Lines recorded since the last look. A file that became shorter is shown from its end on. */
function addedTo(context: Context, stream: StreamRef, positions: Map<string, number>): ShownEntry[] {
  const { fs } = context.effects;
  const size_bytes = fs.stat(stream.path)?.size_bytes ?? 0;
  const from = positions.get(stream.path) ?? 0;
  if (size_bytes <= from) {
    positions.set(stream.path, size_bytes);
    return [];
  }
  const added: ShownEntry[] = [];
  for (const { text, entry, end } of linesAfter(fs, stream, from)) {
    added.push({ stream: stream.name, text, entry });
    positions.set(stream.path, end);
  }
  return added;
}
