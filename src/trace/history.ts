/** What the ledgers say about a subject. Each stream is read once, from first to last. */
import type { TracedEvent } from "../contracts/index.ts";
import { CHANGE_TEXTS } from "../index-db/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { linesHolding } from "../ledger/index.ts";
import { ledgerStreams, PACKAGES_STREAM } from "../plane/index.ts";
import type { FactLine } from "./facts.ts";
import type { Sight } from "./sight.ts";

type Members = { readonly [key: string]: unknown };

/** A ledger line as it is stored, without a judgement of its hash. */
export interface Line {
  readonly event: TracedEvent;
  readonly submission_id: string;
  readonly metadata: Members;
  readonly previous_hash: string;
  readonly entry_hash: string;
  /** As stored, without its newline. */
  readonly text: string;
}

/**
 * Lines that may hold `text` as an id, a hash, a word of the subject or a text of the metadata, stream by stream, oldest
 * first: from the index where it can say, else by reading every stream. Lines that are no JSON object are passed over; verification reports them.
 */
export function* linesAbout(sight: Sight, text: string): Generator<Line, void, void> {
  const known = sight.facts.lines(text);
  if (known !== undefined) yield* parsedLines(known);
  else
    for (const stream of ledgerStreams(sight.effects.fs, sight.plane.root))
      yield* linesIn(sight, stream, [text]);
}

/** Lines of one stream that hold one of the texts, from first to last. What cannot be read is a finding. */
function* linesIn(sight: Sight, stream: string, texts: readonly string[]): Generator<Line, void, void> {
  try {
    const path = `${sight.plane.root}/${stream}`;
    for (const { line, text: json } of linesHolding(sight.effects.fs, path, texts)) {
      const parsed = parseLine(json, stream, line);
      if (parsed !== undefined) yield parsed;
    }
  } catch (error) {
    noteUnreadable(sight, stream, error);
  }
}

/** All lines of the package ledger that may change what is in force, oldest first. */
export function* packageLines(sight: Sight): Generator<Line, void, void> {
  if (sight.stat(PACKAGES_STREAM)?.kind !== "file") return;
  for (const line of linesIn(sight, PACKAGES_STREAM, CHANGE_TEXTS))
    if (IN_FORCE.test(line.event.event)) yield line;
}

/** Whether it says of this very package that it came, stayed as another version, or left. */
export const isChangeOf = ({ event, submission_id }: Line, package_id: string): boolean =>
  event.stream === PACKAGES_STREAM && submission_id === package_id && IN_FORCE.test(event.event);

const IN_FORCE = /^(?:INSTALLED|UPDATED|REVERTED|UNINSTALLED)$/;

/** The newest entries about a text, at most so many of each stream; others are not counted. */
export function newestAbout(sight: Sight, text: string, count_max: number): TracedEvent[] {
  const newest: TracedEvent[] = [];
  const known = sight.facts.newestLines(text);
  for (const lines of known ?? []) {
    const about = parsedLines(lines).filter((line) => isAbout(line, text));
    newest.push(...about.take(count_max).map(({ event }) => event));
  }
  for (const stream of known === undefined ? ledgerStreams(sight.effects.fs, sight.plane.root) : []) {
    const last: TracedEvent[] = [];
    for (const line of linesIn(sight, stream, [text])) if (isAbout(line, text)) last.push(line.event);
    newest.push(...last.slice(-count_max));
  }
  return newestFirst(newest).slice(0, count_max);
}

function* parsedLines(lines: Iterable<FactLine>): Generator<Line, void, void> {
  for (const { stream, line, text } of lines) {
    const parsed = parseLine(text, stream, line);
    if (parsed !== undefined) yield parsed;
  }
}

/** A past without its ledger is not known to be empty. */
export function noteMissing(sight: Sight, stream: string): void {
  if (sight.stat(stream) !== undefined) return;
  sight.note({
    code: "TRACE_LEDGER_UNREADABLE",
    severity: "error",
    message: `${stream} does not exist, so nobody can say what was in force`,
    next_step: `Restore ${stream} from a backup, then run "pkg ledger verify".`,
    path: stream,
  });
}

function noteUnreadable(sight: Sight, stream: string, error: unknown): void {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") throw error;
  sight.note({
    code: "TRACE_LEDGER_UNREADABLE",
    severity: "error",
    message: `${stream} cannot be read (${code}), so its entries are not shown`,
    next_step: `Make ${stream} readable for this user, then run "pkg ledger verify".`,
    path: stream,
  });
}

export interface History {
  readonly history: TracedEvent[];
  readonly history_left_out: number;
}

/** Newest entries about an id: one of the words of `submission_id`, or a value in `metadata`. `onLine` is told each, stream by stream. */
export function historyOf(
  sight: Sight,
  id: string,
  count_max = 20,
  onLine: (line: Line) => void = () => undefined,
): History {
  const newest: TracedEvent[] = [];
  let total = 0;
  for (const line of linesAbout(sight, id)) {
    if (!isAbout(line, id)) continue;
    onLine(line);
    total++;
    newest.push(line.event);
    if (newest.length > count_max * 8) keepNewest(newest, count_max);
  }
  keepNewest(newest, count_max);
  return { history: newest, history_left_out: total - newest.length };
}

const isAbout = ({ submission_id, metadata }: Line, id: string): boolean =>
  submission_id.split(/[\s,]+/).includes(id) || holds(metadata, id, 4);

function keepNewest(events: TracedEvent[], count_max: number): void {
  newestFirst(events).splice(count_max);
}

/** Sorts in place. */
export function newestFirst(events: TracedEvent[]): TracedEvent[] {
  const at = ({ timestamp }: TracedEvent): number => Date.parse(timestamp) || 0;
  return events.sort((a, b) => at(b) - at(a) || compareCodePoints(a.stream, b.stream) || b.line - a.line);
}

/** Whether a value, at most `depth` levels down, is this text. */
function holds(value: unknown, text: string, depth: number): boolean {
  if (typeof value === "string") return value === text;
  if (typeof value !== "object" || value === null || depth === 0) return false;
  return Object.values(value).some((member) => holds(member, text, depth - 1));
}

export function parseLine(json: string, stream: string, line: number): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const members = value as Members;
  const text = (key: string): string => textOf(members[key]) ?? "";
  const metadata =
    typeof members["metadata"] === "object" && members["metadata"] !== null
      ? (members["metadata"] as Members)
      : {};
  return {
    event: {
      event: text("event_type"),
      id: text("id"),
      timestamp: text("timestamp"),
      user: textOf(metadata["user"] ?? metadata["actor"] ?? metadata["installed_by"]),
      decision: text("decision"),
      reason: text("reason"),
      transaction_id: textOf(metadata["transaction_id"]),
      stream,
      line,
    },
    submission_id: text("submission_id"),
    metadata,
    previous_hash: text("previous_hash"),
    entry_hash: text("entry_hash"),
    text: json,
  };
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
