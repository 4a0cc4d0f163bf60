/** The state of a verification between two lines: what the next line must name, and what did not fit so far. */
import type { LineReading } from "./line-form.ts";
import { idBits, SeenIds } from "./seen-ids.ts";

/** The parts of an entry that make the chain. */
export interface Link {
  readonly line: number;
  readonly id: string;
  readonly previous_hash: string;
  readonly entry_hash: string;
}

export type Break =
  | { readonly kind: "malformed"; readonly line: number; readonly reason: string }
  | {
      readonly kind: "edited";
      readonly line: number;
      readonly computed_hash: string;
      readonly stated_hash: string;
    }
  | {
      readonly kind: "link";
      readonly line: number;
      readonly link: Link;
      /** The lines before and after it, where they are entries. */
      readonly before: Link | undefined;
      /** Hash of the line before `before`; "" when `before` is the first line. */
      readonly before_that_hash: string | undefined;
      next?: Link;
    };

/** Lines that are sound and follow one another, as told by whoever read them. */
export interface SoundRun {
  readonly first: Link;
  readonly last: Link;
  /** Hash of the line before the last; undefined for a run of one line. */
  readonly before_last_hash: string | undefined;
}

/** What the next line must fit, after lines that were all sound. */
export interface ChainState {
  readonly last: Link;
  readonly before_last_hash: string | undefined;
  readonly ids: SeenIds;
}

/** A ledger with more damage than this needs a backup, not a longer list. */
export const BREAKS_MAX = 100;

export class Chain {
  /** At most {@link BREAKS_MAX}; `breaks_count` counts all. */
  readonly breaks: Break[] = [];
  breaks_count = 0;
  /** Lines whose id may have occurred before; a second pass must confirm. */
  readonly repeated_ids: Link[] = [];
  private readonly ids: SeenIds;
  private before: Link | undefined;
  private before_that_hash: string | undefined;
  /** Hashes the next line may name; undefined after a line that cannot say. */
  private expected: readonly string[] | undefined = [""];

  /** `expected_count`: entries that there probably are. `begun`: the state after lines that were all sound. */
  constructor(expected_count = 0, begun?: ChainState) {
    this.ids = begun?.ids ?? new SeenIds(expected_count);
    if (begun === undefined) return;
    this.before = begun.last;
    this.before_that_hash = begun.before_last_hash;
    this.expected = [begun.last.entry_hash];
  }

  /** Undefined unless all lines so far were sound, and no id may have occurred twice. */
  state(): ChainState | undefined {
    const { before: last, before_that_hash: before_last_hash, ids } = this;
    if (this.breaks_count > 0 || this.repeated_ids.length > 0 || last === undefined) return undefined;
    return { last, before_last_hash, ids };
  }

  /** Takes the next line; returns the hash it states. */
  take(line: number, reading: LineReading): string | undefined {
    if (reading.state === "malformed") {
      this.note({ kind: "malformed", line, reason: reading.reason });
      this.before = undefined;
      this.before_that_hash = undefined;
      this.expected = undefined;
      return undefined;
    }
    const { id, previous_hash, entry_hash, computed_hash } = reading;
    const link = { line, id, previous_hash, entry_hash };
    this.tellLastBreak(link);
    if (reading.state === "edited") {
      this.note({ kind: "edited", line, computed_hash, stated_hash: entry_hash });
      this.expected = [entry_hash, computed_hash];
    } else {
      const { before, before_that_hash } = this;
      if (!this.fits(previous_hash)) this.note({ kind: "link", line, link, before, before_that_hash });
      this.expected = [entry_hash];
    }
    this.takeId(idBits(id), () => link);
    this.before_that_hash = this.hashBefore(line);
    this.before = link;
    return entry_hash;
  }

  /** Takes many lines at once, without their ids. False, and nothing taken, when the first does not fit. */
  takeRun({ first, last, before_last_hash }: SoundRun): boolean {
    if (!this.fits(first.previous_hash)) return false;
    this.tellLastBreak(first);
    this.before_that_hash = before_last_hash ?? this.hashBefore(last.line);
    this.before = last;
    this.expected = [last.entry_hash];
    return true;
  }

  /** `bits` as of `idBits`; `link` is asked for only when the id may have been here before. */
  takeId(bits: number, link: () => Link): void {
    if (this.ids.hasMaybe(bits) && this.repeated_ids.length < BREAKS_MAX) this.repeated_ids.push(link());
  }

  private fits(previous_hash: string): boolean {
    return this.expected?.includes(previous_hash) ?? true;
  }

  private hashBefore(line: number): string | undefined {
    return this.before === undefined && line > 1 ? undefined : (this.before?.entry_hash ?? "");
  }

  private tellLastBreak(link: Link): void {
    const last = this.breaks.at(-1);
    if (last?.kind === "link" && last.line === link.line - 1) last.next = link;
  }

  private note(found: Break): void {
    this.breaks_count++;
    if (this.breaks.length < BREAKS_MAX) this.breaks.push(found);
  }
}
