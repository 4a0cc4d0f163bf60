/**
 * Counts what is wrong with a ledger by the older Python writer, without refusing it: it is sealed as it is, and its
 * defects are named once. Segments are read in the order they were written; a chain may go on from one to the next.
 */
import type { FileSystem } from "../effects/index.ts";
import { digestFile } from "./digest-file.ts";
import { SESSION_PREFIX } from "./line-form.ts";
import { readLine } from "./line-reading.ts";
import { storedLines } from "./stored-lines.ts";

export const LEGACY_DEFECTS = [
  /** The line does not have the hash it states. */
  "hash_mismatch",
  /** It follows a line that is not there. */
  "link_broken",
  /** It follows an earlier line than the one before it: two writers, or a rotation. */
  "link_forked",
  /** It follows nothing although it is not the first. */
  "chain_restarted",
  "id_repeated",
  "line_unparsable",
  /** JSON, but with other keys than an entry has; the older reader skipped such lines in silence. */
  "not_an_entry",
  "without_hash",
  /** An entry whose spaces, escapes or numbers no ledger writer wrote. */
  "other_form",
  "blank_line",
  /** Bytes after the last newline. */
  "torn_tail",
] as const;
export type LegacyDefect = (typeof LEGACY_DEFECTS)[number];

export interface LegacySegment {
  /** Bare hex over all bytes. */
  readonly sha256: string;
  readonly size_bytes: number;
  /** Lines that end with a newline. */
  readonly lines: number;
  /** Lines whose hash carries the prefix `sha256:`: the form of the older session ledgers, and no defect. */
  readonly prefixed_form: number;
  readonly defects: Readonly<Partial<Record<LegacyDefect, number>>>;
  /** Where each kind was met first. */
  readonly first_lines: Readonly<Partial<Record<LegacyDefect, number>>>;
  readonly last_hash: string;
}

/** Beyond this many lines a break is no longer told from a fork. */
const KNOWN_MAX = 2_000_000;
const KEY_CHARACTERS = 24;

export class LegacyChain {
  readonly #hashes = new Set<string>();
  readonly #ids = new Set<string>();
  /** Hashes the next line may name; undefined after a line that cannot say. */
  #expected: readonly string[] | undefined = [""];
  #last_hash = "";

  /** @throws Node's own error when the file cannot be read */
  readSegment(fs: Pick<FileSystem, "openRead">, path: string): LegacySegment {
    const counts = new Counts();
    let lines = 0;
    let size_bytes = 0;
    for (const { line, bytes, end, complete, too_long } of storedLines(fs, path)) {
      size_bytes = end;
      if (complete) lines = line;
      if (!complete) counts.add("torn_tail", line);
      else if (too_long) this.#skip(line, counts);
      else this.#take(bytes, line, counts);
    }
    const { defects, first_lines, prefixed_form } = counts;
    const sha256 = digestFile(fs, path) ?? "";
    return { sha256, size_bytes, lines, prefixed_form, defects, first_lines, last_hash: this.#last_hash };
  }

  #take(bytes: Buffer, line: number, counts: Counts): void {
    const reading = readLine(bytes);
    if (reading.state !== "malformed") {
      const { id, previous_hash, entry_hash, computed_hash } = reading;
      if (entry_hash.startsWith(SESSION_PREFIX)) counts.prefixed_form++;
      if (reading.state === "edited") counts.add("hash_mismatch", line);
      this.#link(previous_hash, line, counts);
      this.#identify(id, line, counts);
      this.#follow([entry_hash, ...(reading.state === "edited" ? [computed_hash] : [])]);
      return;
    }
    const found = looseEntry(bytes);
    if ("defect" in found) {
      counts.add(found.defect, line);
      if (found.defect !== "blank_line") this.#expected = undefined;
      return;
    }
    counts.add(reading.reason.startsWith("its spaces") ? "other_form" : "not_an_entry", line);
    this.#link(found.previous_hash, line, counts);
    this.#identify(found.id, line, counts);
    this.#follow([found.entry_hash]);
  }

  #skip(line: number, counts: Counts): void {
    counts.add("line_unparsable", line);
    this.#expected = undefined;
  }

  #link(previous_hash: string, line: number, counts: Counts): void {
    if (this.#expected?.includes(previous_hash) !== false) return;
    if (previous_hash === "") counts.add("chain_restarted", line);
    else if (this.#hashes.has(previous_hash.slice(0, KEY_CHARACTERS))) counts.add("link_forked", line);
    else counts.add("link_broken", line);
  }

  #identify(id: string, line: number, counts: Counts): void {
    if (id === "") return;
    if (this.#ids.has(id)) counts.add("id_repeated", line);
    else if (this.#ids.size < KNOWN_MAX) this.#ids.add(id);
  }

  #follow(hashes: readonly string[]): void {
    this.#expected = hashes;
    this.#last_hash = hashes[0] ?? "";
    if (this.#hashes.size >= KNOWN_MAX) return;
    for (const one of hashes) this.#hashes.add(one.slice(0, KEY_CHARACTERS));
  }
}

class Counts {
  readonly defects: Partial<Record<LegacyDefect, number>> = {};
  readonly first_lines: Partial<Record<LegacyDefect, number>> = {};
  prefixed_form = 0;

  add(defect: LegacyDefect, line: number): void {
    this.defects[defect] = (this.defects[defect] ?? 0) + 1;
    this.first_lines[defect] ??= line;
  }
}

type Loose =
  | { readonly defect: LegacyDefect }
  | { readonly id: string; readonly previous_hash: string; readonly entry_hash: string };

/** What a line that is no entry can still say about the chain. */
function looseEntry(bytes: Buffer): Loose {
  const text = bytes.toString("utf8");
  if (text.trim() === "") return { defect: "blank_line" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { defect: "line_unparsable" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { defect: "not_an_entry" };
  const members = new Map(Object.entries(value));
  const textOf = (key: string): string => {
    const found: unknown = members.get(key);
    return typeof found === "string" ? found : "";
  };
  const entry_hash = textOf("entry_hash");
  if (entry_hash === "") return { defect: "without_hash" };
  return { id: textOf("id"), previous_hash: textOf("previous_hash"), entry_hash };
}
