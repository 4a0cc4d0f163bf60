/** The time somebody means with `--at`: a date, a time, or an entry of a ledger. */
import { bare, isRealDay } from "../kernel/index.ts";
import { PACKAGES_STREAM } from "../plane/index.ts";
import { make } from "./faults.ts";
import { findLine } from "./ledger-subjects.ts";
import { shown } from "./near-names.ts";
import type { Sight } from "./sight.ts";

export interface Moment {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly at_ms: number;
  /** The last line of the package ledger that counts, where an entry of it was named. */
  readonly line: number | undefined;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** A date means its first moment; a time without a zone is UTC. @throws TRACE_TIME_INVALID, TRACE_SUBJECT_UNKNOWN */
export function momentOf(sight: Sight, text: string): Moment {
  const entry = /^LED-[0-9a-f]{8,32}$/i.test(text)
    ? `LED-${text.slice(4).toLowerCase()}`
    : /^(?:sha256:)?[0-9a-f]{64}$/i.test(text)
      ? bare(text.toLowerCase())
      : undefined;
  if (entry !== undefined) return momentOfEntry(sight, entry);
  const zone = TIME.exec(text)?.[1];
  const iso = text.replace(" ", "T") + (DATE.test(text) ? "T00:00:00Z" : zone === undefined ? "Z" : "");
  const is_time = (DATE.test(text) || TIME.test(text)) && isRealDay(text);
  const at_ms = is_time ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(at_ms))
    throw make("TRACE_TIME_INVALID", `--at ${shown(text)} is no time and no ledger entry`, {
      time: shown(text),
    });
  return { at: new Date(at_ms).toISOString(), at_ms, line: undefined };
}

function momentOfEntry(sight: Sight, entry: string): Moment {
  const found = findLine(sight, entry);
  const at_ms = Date.parse(found?.event.timestamp ?? "");
  if (found === undefined || Number.isNaN(at_ms))
    throw make("TRACE_SUBJECT_UNKNOWN", `no ledger of this plane has the entry ${entry}`, {
      subject: entry,
      near: [],
    });
  const { stream, line } = found.event;
  return {
    at: new Date(at_ms).toISOString(),
    at_ms,
    line: stream === PACKAGES_STREAM ? line : undefined,
  };
}
