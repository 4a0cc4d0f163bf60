/** Finds the entry a user names. */
import { findEntry, readEntries, type StoredEntry } from "../ledger/index.ts";
import type { Plane } from "../plane/index.ts";
import type { Context } from "./define.ts";
import { make } from "./faults.ts";
import { presentStreams } from "./ledger-streams.ts";

export interface FoundEntry extends StoredEntry {
  readonly stream: string;
}

/**
 * By id or entry hash in the stream named, else in all; by number (from 0) only in a stream that is named.
 * @throws ENTRY_UNKNOWN, LEDGER_IO
 */
export function findNamed(
  context: Pick<Context, "effects">,
  plane: Plane,
  named: string,
  stream_name: string | undefined,
): FoundEntry {
  const { fs } = context.effects;
  const streams = presentStreams(context, plane, stream_name === undefined ? [] : [stream_name]);
  const is_number = /^\d{1,15}$/.test(named);
  if (!is_number || stream_name !== undefined) {
    for (const stream of streams) {
      const [found] = is_number
        ? readEntries(fs, stream).drop(Number(named))
        : [findEntry(fs, stream, named)];
      if (found) return { stream: stream.name, ...found };
    }
  }
  const where = stream_name ?? "any stream";
  const what =
    is_number && stream_name === undefined
      ? `entry ${named} is a number, and no stream is named`
      : `there is no entry ${JSON.stringify(named)} in ${where}`;
  throw make("ENTRY_UNKNOWN", what, { entry: named });
}
