/** The entries of the package ledger that change what is in force, read as what they do. */
import { type PackageChange, packageChange } from "../index-db/index.ts";
import { PACKAGES_STREAM } from "../plane/index.ts";
import type { FactChange } from "./facts.ts";
import { type Line, packageLines, parseLine } from "./history.ts";
import type { Sight } from "./sight.ts";

export interface PackageEvent extends PackageChange {
  /** Of its line, from 1. */
  readonly number: number;
  /** Read when it is asked for, where an index knows the rest. */
  readonly line: Line;
}

/** Undefined for every entry that leaves things as they are: refusals, starts, restored files. */
export function packageEvent(line: Line): PackageEvent | undefined {
  const { event, submission_id, metadata } = line;
  const { event: event_type, reason, timestamp } = event;
  const change = packageChange({ event_type, submission_id, reason, timestamp, metadata });
  return change === undefined ? undefined : { ...change, number: event.line, line };
}

/** Oldest first. */
export function packageEvents(sight: Sight): Iterable<PackageEvent> {
  const known = sight.facts.packageChanges();
  if (known !== undefined) return known.map((change) => new StoredEvent(sight, change));
  return packageLines(sight)
    .map(packageEvent)
    .filter((event) => event !== undefined);
}

/** Reads the lines of these events at once instead of one by one. */
export function readLines(sight: Sight, events: readonly PackageEvent[]): void {
  const stored = events.filter((event) => event instanceof StoredEvent);
  const texts = sight.facts.packageTexts(stored.map(({ offset }) => offset));
  for (const [index, event] of stored.entries()) event.take(texts[index]);
}

class StoredEvent implements PackageEvent {
  readonly package_id: string;
  readonly plane_id: PackageChange["plane_id"];
  readonly version: string | null;
  readonly manifest_hash: string | null;
  readonly generation: number | null;
  readonly at_ms: number;
  readonly number: number;
  readonly offset: number;
  readonly #sight: Sight;
  #line: Line | undefined;

  constructor(sight: Sight, { line, offset, ...change }: FactChange) {
    this.package_id = change.package_id;
    this.plane_id = change.plane_id;
    this.version = change.version;
    this.manifest_hash = change.manifest_hash;
    this.generation = change.generation;
    this.at_ms = change.at_ms;
    this.number = line;
    this.offset = offset;
    this.#sight = sight;
  }

  get line(): Line {
    if (this.#line === undefined) readLines(this.#sight, [this]);
    if (this.#line === undefined)
      throw new TypeError(`line ${this.number} of ${PACKAGES_STREAM} is no entry`);
    return this.#line;
  }

  take(text: string | undefined): void {
    this.#line = parseLine(text ?? "", PACKAGES_STREAM, this.number) ?? this.#gone();
  }

  /** A line that was an entry when the index read it. */
  #gone(): Line | undefined {
    this.#sight.note({
      code: "TRACE_LEDGER_UNREADABLE",
      severity: "error",
      message: `${PACKAGES_STREAM}:${this.number} is no entry any more, so what it said is not shown`,
      next_step: 'Run "pkg ledger verify" to see what changed.',
      path: PACKAGES_STREAM,
      line: this.number,
    });
    return parseLine("{}", PACKAGES_STREAM, this.number);
  }
}
