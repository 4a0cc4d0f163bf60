/** Which ledger lines mention an id or digest: the question a trace asks of millions of entries. */
import type { FileSystem } from "../effects/index.ts";
import { type LinePlace, linesHolding } from "../ledger/index.ts";
import { BLOCK_LINES, type Covered, catchUp, entryIn } from "./follow-stream.ts";
import { isLineAt, linesAt, linesFrom } from "./ledger-lines.ts";
import { isLookedUp, tokenOf } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { CHANGE_TEXTS, type PackageChange, packageChange } from "./package-change.ts";

export interface Mention {
  /** Plane-relative. */
  readonly stream: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Lines to look at in one stream, oldest first. */
export interface Places {
  readonly stream: string;
  readonly spans: readonly Span[];
  /** From here on the index does not know the stream; absent where it knows all of it. */
  readonly rest: LinePlace | undefined;
}

interface Span extends LinePlace {
  readonly lines_count: number;
}

/**
 * Where the streams may mention the text; undefined when the index cannot say. A line is a mention when its id, hash,
 * subject or metadata hold the text; others may be among them.
 */
export function placesMentioning(
  effects: IndexEffects,
  root: string,
  streams: readonly string[],
  text: string,
): Places[] | undefined {
  const sql = isLookedUp(text) ? NAMED : WORDS;
  return withIndex<Places[] | undefined>(
    effects,
    root,
    (database) => {
      const places: Places[] = [];
      for (const stream of streams) {
        const covered = catchUp(effects, root, database, stream, "some");
        if (covered === undefined) return undefined;
        const spans = database.all(sql, tokenOf(text), stream, covered.lines).map((row) => {
          const line = Number(row["line"]);
          const lines_count = sql === NAMED ? 1 : Math.min(BLOCK_LINES, covered.lines + 1 - line);
          return { line, offset: Number(row["offset"]), lines_count };
        });
        places.push({ stream, spans, rest: restOf(covered) });
      }
      const held = sql === NAMED ? text.replace(/^sha256:/, "") : undefined;
      return places.every(({ stream, spans }) =>
        areInPlace(effects.fs, `${root}/${stream}`, spans, () => held),
      )
        ? places
        : undefined;
    },
    () => undefined,
  );
}

const restOf = ({ lines, bytes, is_all }: Covered): LinePlace | undefined =>
  is_all ? undefined : { line: lines + 1, offset: bytes };

/** Another process may have read on meanwhile: lines behind those that are covered are found in the rest. */
const NAMED =
  "SELECT line, offset FROM mention WHERE token = ? AND stream = (SELECT id FROM stream WHERE name = ?) AND line <= ? ORDER BY line";
const WORDS = `SELECT block.block * ${BLOCK_LINES} + 1 AS line, block.offset FROM word JOIN block USING (stream, block)
  WHERE token = ? AND stream = (SELECT id FROM stream WHERE name = ?) AND block.block * ${BLOCK_LINES} < ? ORDER BY block.block`;

/** As many of the newest are looked at: an edit before them moves them all. */
const LOOKED_AT_MAX = 512;

/**
 * Whether lines begin where the index has them and hold what it found in them. A stream whose earlier lines were edited
 * before it grew is told from one that only grew by this alone.
 */
function areInPlace<S extends { readonly offset: number }>(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  spans: readonly S[],
  textOf: (span: S) => string | undefined,
): boolean {
  if (spans.length === 0) return true;
  const handle = fs.openRead(path);
  try {
    return spans.slice(-LOOKED_AT_MAX).every((span) => isLineAt(handle, span.offset, textOf(span)));
  } finally {
    handle.close();
  }
}

/** The lines at these places that hold the text in their bytes, in file order or from the last to the first. */
export function* linesAtPlaces(
  fs: Pick<FileSystem, "openRead">,
  root: string,
  places: Places,
  text: string,
  direction: "forwards" | "backwards" = "forwards",
): Generator<Mention, void, void> {
  const { stream, spans, rest } = places;
  const path = `${root}/${stream}`;
  const behind = rest === undefined ? [] : linesHolding(fs, path, [text], rest);
  if (direction === "backwards") for (const one of [...behind].reverse()) yield { stream, ...one };
  const ordered = direction === "forwards" ? spans : spans.toReversed();
  for (let at = 0; at < ordered.length; at += BATCH_SPANS) {
    const batch = ordered.slice(at, at + BATCH_SPANS);
    const singles = linesAt(
      fs,
      path,
      batch.filter(({ lines_count }) => lines_count === 1).map(({ offset }) => offset),
    ).values();
    for (const span of batch) {
      const found =
        span.lines_count === 1 ? only(span.line, singles.next().value) : linesOfBlock(fs, path, span, text);
      for (const one of direction === "forwards" ? found : found.reverse()) yield { stream, ...one };
    }
  }
  if (direction === "forwards") for (const one of behind) yield { stream, ...one };
}

/** Spans read while the file is open once. */
const BATCH_SPANS = 64;

interface NumberedText {
  readonly line: number;
  readonly text: string;
}

const only = (line: number, text: string | undefined): NumberedText[] =>
  text === undefined ? [] : [{ line, text }];

function linesOfBlock(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  { line, offset, lines_count }: Span,
  text: string,
): NumberedText[] {
  const needle = Buffer.from(text);
  const found: NumberedText[] = [];
  let number = line;
  for (const { bytes } of linesFrom(fs, path, offset).take(lines_count)) {
    if (bytes.includes(needle)) found.push({ line: number, text: bytes.toString("utf8") });
    number++;
  }
  return found;
}

export interface StoredChange extends PackageChange {
  /** From 1. */
  readonly line: number;
  readonly offset: number;
}

/** What the entries of a stream changed in force, oldest first; undefined when the index cannot say. */
export function packageChanges(
  effects: IndexEffects,
  root: string,
  stream: string,
): StoredChange[] | undefined {
  return withIndex<StoredChange[] | undefined>(
    effects,
    root,
    (database) => {
      const covered = catchUp(effects, root, database, stream, "some");
      if (covered === undefined) return undefined;
      const path = `${root}/${stream}`;
      const changes = database.all(CHANGES, stream, covered.lines) as unknown as StoredChange[];
      if (!areInPlace(effects.fs, path, changes, ({ package_id }) => package_id)) return undefined;
      const rest = restOf(covered);
      return rest === undefined ? changes : [...changes, ...changesFrom(effects.fs, path, rest)];
    },
    () => undefined,
  );
}

const CHANGES =
  "SELECT line, offset, package_id, plane_id, version, manifest_hash, generation, at_ms FROM change WHERE stream = (SELECT id FROM stream WHERE name = ?) AND line <= ? ORDER BY line";

function* changesFrom(
  fs: Pick<FileSystem, "openRead">,
  path: string,
  rest: LinePlace,
): Generator<StoredChange, void, void> {
  for (const { line, offset, text } of linesHolding(fs, path, CHANGE_TEXTS, rest)) {
    const entry = entryIn(text);
    const change = entry === undefined ? undefined : packageChange(entry);
    if (change !== undefined) yield { ...change, line, offset };
  }
}
