import { z } from "zod";
import type { WriteHandle } from "../effects/index.ts";
import { readLines, type StoredEntry, type StreamRef } from "../ledger/index.ts";
import { outputPlace, outputUnwritable, planeStream } from "../plane/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { readableStream } from "./fields.ts";
import { csvHeader, csvRow } from "./ledger-csv.ts";
import { requireThere } from "./ledger-streams.ts";
import { requireMoment } from "./moment.ts";

/** What is printed is held in memory; a file is not. */
const PRINTED_ENTRIES_MAX = 10_000;
const CHUNK_BYTES = 1 << 20;
const NEWLINE = Buffer.from("\n");

const Format = z.enum(["jsonl", "csv", "json"]);

export const ledgerExport = operation({
  name: "ledger export",
  summary: "Write entries of a ledger as its own lines, as CSV or as one JSON document.",
  examples: [
    "pkg ledger export --stream ledger/packages.jsonl --format csv --out packages.csv",
    "pkg ledger export --since 2026-11-01 --format jsonl",
  ],
  authorised: false,
  input: z.strictObject({
    stream: readableStream.default("ledger/governance.jsonl").meta({ description: "Stream to export." }),
    from: z.coerce.number().int().min(0).optional().meta({
      description: "Number of the first entry, counted from 0.",
    }),
    to: z.coerce.number().int().min(0).optional().meta({ description: "Number of the last entry." }),
    since: z.string().optional().meta({ description: "Only entries of this time or later." }),
    until: z.string().optional().meta({ description: "Only entries of this time or earlier." }),
    format: Format.default("jsonl").meta({
      description: "jsonl: the very bytes of the lines (with --out); csv: for spreadsheets; json: an array.",
    }),
    out: z.string().optional().meta({ description: "New file to write to; else it is printed." }),
  }),
  run: async (context, { stream: name, format, out, ...range }) => {
    const stream = planeStream(planeOf(context), name);
    requireThere(context, stream);
    requireOrder(range);
    const sink = out === undefined ? printed() : writtenTo(context, out);
    const tally = { entries: 0, cells_guarded: 0 };
    try {
      for (const piece of pieces(chosen(context, stream, range), format, tally))
        sink.add(piece, tally.entries);
    } catch (error) {
      sink.abandon();
      throw error;
    }
    return { result: { stream: name, format, ...tally, ...sink.finish() } };
  },
  text: ({ entries, written_to, content, cells_guarded }) => {
    if (content !== undefined) return content;
    const guarded =
      cells_guarded === 0 ? "" : `; ${cells_guarded} cell(s) got a ' so that no spreadsheet runs them`;
    return `${written_to ?? ""}: ${entries} entries${guarded}\n`;
  },
});

interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** A range that ends before it begins holds nothing, whatever the ledger has. @throws INPUT_CONFLICT, TIME_INVALID */
function requireOrder({ from, to, since, until }: Range): void {
  const refuse = (first: string, last: string) =>
    make("INPUT_CONFLICT", `--${first} comes after --${last}, so nothing lies between them`, {
      fields: [first, last],
      command: "pkg ledger export",
    });
  if (from !== undefined && to !== undefined && from > to) throw refuse("from", "to");
  if (since === undefined || until === undefined) return;
  if (requireMoment("--since", since) > requireMoment("--until", until)) throw refuse("since", "until");
}

interface StoredLine extends StoredEntry {
  readonly bytes: Buffer;
}

function* chosen({ effects }: Context, stream: StreamRef, range: Range): Generator<StoredLine> {
  const { from = 0, to = Number.POSITIVE_INFINITY, since, until } = range;
  const first_ms = since === undefined ? Number.NEGATIVE_INFINITY : requireMoment("--since", since);
  const last_ms = until === undefined ? Number.POSITIVE_INFINITY : requireMoment("--until", until);
  const all_times = since === undefined && until === undefined;
  for (const stored of readLines(effects.fs, stream)) {
    if (stored.line - 1 > to) return;
    if (stored.line - 1 < from) continue;
    // A line that is not an entry has no time: it is left out only when times are asked for.
    const at_ms = Date.parse(stored.entry?.timestamp ?? "");
    if (all_times || (at_ms >= first_ms && at_ms <= last_ms)) yield stored;
  }
}

interface Tally {
  entries: number;
  cells_guarded: number;
}

function* pieces(
  entries: Iterable<StoredLine>,
  format: z.output<typeof Format>,
  tally: Tally,
): Generator<string | Buffer> {
  if (format === "csv") yield csvHeader();
  if (format === "json") yield "[";
  for (const { line, text, bytes, entry } of entries) {
    if (format === "jsonl") yield Buffer.concat([bytes, NEWLINE]);
    else if (format === "json")
      yield `${tally.entries === 0 ? "\n" : ",\n"}${entry === undefined ? "null" : text}`;
    else {
      const { row, guarded } = csvRow(line - 1, entry);
      tally.cells_guarded += guarded;
      yield row;
    }
    tally.entries++;
  }
  if (format === "json") yield "\n]\n";
}

interface Sink {
  add(piece: string | Buffer, entries: number): void;
  abandon(): void;
  finish(): { readonly written_to: string | null; readonly content?: string };
}

function printed(): Sink {
  const parts: string[] = [];
  return {
    add(piece, entries) {
      if (entries >= PRINTED_ENTRIES_MAX)
        throw make("EXPORT_TOO_LARGE", `more than ${PRINTED_ENTRIES_MAX} entries are not printed`, {
          entries_max: PRINTED_ENTRIES_MAX,
          command: "pkg ledger export",
        });
      parts.push(piece.toString());
    },
    abandon: () => undefined,
    finish: () => ({ written_to: null, content: parts.join("") }),
  };
}

function writtenTo({ effects }: Context, out: string): Sink {
  const { fs } = effects;
  const path = outputPlace(effects, out);
  const handle = openNew(fs, path);
  let waiting: Buffer[] = [];
  let waiting_bytes = 0;
  const flush = (): void => {
    handle.write(Buffer.concat(waiting));
    waiting = [];
    waiting_bytes = 0;
  };
  return {
    add(piece) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      waiting.push(bytes);
      waiting_bytes += bytes.length;
      if (waiting_bytes >= CHUNK_BYTES) flush();
    },
    abandon() {
      handle.close();
      fs.remove(path);
    },
    finish() {
      flush();
      handle.close();
      return { written_to: path };
    },
  };
}

function openNew(fs: Context["effects"]["fs"], path: string): WriteHandle {
  try {
    return fs.openWrite(path, { mode: 0o644, how: "exclusive" });
  } catch (error) {
    const problem = (error as { code?: string }).code === "EEXIST" ? "it exists" : "it cannot be written";
    throw outputUnwritable(path, problem, error);
  }
}
