import type { LedgerEntry } from "../contracts/index.ts";
import type { Clock, Random } from "../effects/index.ts";
import type { Earlier } from "./earlier-entries.ts";
import { type EntryBody, sealLine } from "./new-line.ts";

export interface Drafted {
  readonly entries: readonly LedgerEntry[];
  readonly appended_count: number;
}

/** The lines of a batch, chained to one another. */
export class Draft {
  /** With their newlines. */
  text = "";
  lines_count = 0;
  has_found = false;
  previous_hash: string;
  private readonly effects: { readonly clock: Clock; readonly random: Random };
  private readonly stream: string;
  /** By their keys; only entries that are written at most once have one. */
  private readonly written = new Map<string, LedgerEntry>();

  constructor(
    effects: { readonly clock: Clock; readonly random: Random },
    stream: string,
    previous_hash: string,
  ) {
    this.effects = effects;
    this.stream = stream;
    this.previous_hash = previous_hash;
  }

  /** All entries of a group, or none when it throws. */
  add(bodies: readonly EntryBody[], earlier: Earlier | undefined): Drafted {
    let { previous_hash } = this;
    let text = "";
    let appended_count = 0;
    const keyed: [string, LedgerEntry][] = [];
    const entries = bodies.map((body) => {
      const key = earlier === undefined ? undefined : body.metadata["dedupe_key"];
      const found = typeof key === "string" ? (earlier?.get(key) ?? this.written.get(key)) : undefined;
      if (found !== undefined) return found;
      const { entry, line } = sealLine(this.effects, body, previous_hash, this.stream);
      text += line;
      appended_count++;
      if (typeof key === "string") keyed.push([key, entry]);
      previous_hash = entry.entry_hash;
      return entry;
    });
    this.text += text;
    this.lines_count += appended_count;
    this.previous_hash = previous_hash;
    this.has_found ||= appended_count < bodies.length;
    for (const [key, entry] of keyed) this.written.set(key, entry);
    return { entries, appended_count };
  }
}
