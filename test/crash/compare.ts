/** A plane as people would compare it: all paths exactly, its ledgers and its own bookkeeping by meaning. */
import type { SimDisk } from "../../src/effects/sim/index.ts";
import { verifyStream } from "../../src/ledger/index.ts";
import { PLANE_STREAMS, type Plane, planeStream } from "../../src/plane/index.ts";
import { ROOT } from "./world.ts";

interface Exact {
  readonly mode: number;
  /** Undefined for a folder, and where only the name counts. */
  readonly bytes: Buffer | undefined;
}

export interface Picture {
  /** Everything that must be exactly as before or exactly as after, by path. */
  readonly exact: ReadonlyMap<string, Exact>;
  /** Files a dead process left that nobody reads. */
  readonly litter: readonly string[];
  readonly streams: ReadonlyMap<string, Buffer>;
}

/** Judged by `ledgerProblems`, by recovery itself, or of no meaning (locks). */
const BY_MEANING = [
  /^ledger\/./,
  /^planes\/ho[12]\/ledger\/./,
  /\.lock$/,
  /^\.holdfast\/state\/(transactions|preparing)(\/|$)/,
  /^\.holdfast\/state\/generations\/$/,
  /^\.holdfast\/state\/reserve/,
  /^~\/.*\/heads\/./,
];
const LITTER = new RegExp(
  [
    /\.[0-9a-f]{12,}\.(tmp|new)$|\.torn-/,
    /^\.holdfast\/state\/(transactions|preparing)\/./,
    // A kept generation is its journal, its plan and what it displaced.
    /^\.holdfast\/state\/generations\/(trash-|[^/]+\/(?!$|journal\.jsonl|changes\.jsonl|aside))/,
  ]
    .map(({ source }) => source)
    .join("|"),
);
/** Says when each phase began, which differs when recovery finished the change. */
const BYTES_DIFFER = /^\.holdfast\/state\/generations\/[^/]+\/journal\.jsonl$/;

export function pictureOf(disk: SimDisk): Picture {
  const exact = new Map<string, Exact>();
  const litter: string[] = [];
  const streams = new Map<string, Buffer>();
  for (const [absolute, { mode, bytes }] of disk.tree()) {
    const path = absolute.startsWith(`${ROOT}/`) ? absolute.slice(ROOT.length + 1) : `~${absolute}`;
    if ((PLANE_STREAMS as readonly string[]).includes(path) && bytes !== undefined) streams.set(path, bytes);
    if (LITTER.test(path) && !path.endsWith(".lock")) litter.push(path);
    else if (!BY_MEANING.some((pattern) => pattern.test(path))) {
      exact.set(path, { mode, bytes: BYTES_DIFFER.test(path) ? undefined : bytes });
    }
  }
  return { exact, litter, streams };
}

const GENERATION = /^\.holdfast\/state\/generations\/[^/]+\//;

/** Paths of kept generations that the operation gives up once it is committed: they may stay until the next one. */
export function givenUp(before: Picture, after: Picture): (path: string) => boolean {
  return (path) => {
    const generation = GENERATION.exec(path)?.[0];
    return generation !== undefined && before.exact.has(generation) && !after.exact.has(generation);
  };
}

/** What differs, one line a path; empty when nothing does. */
export function differences(
  actual: Picture,
  expected: Picture,
  may_stay: (path: string) => boolean = () => false,
): string[] {
  const paths = [...new Set([...actual.exact.keys(), ...expected.exact.keys()])].sort();
  return paths.flatMap((path) => {
    const found = actual.exact.get(path);
    const wanted = expected.exact.get(path);
    if (found === undefined) return [`${path} is missing`];
    if (wanted === undefined) return may_stay(path) ? [] : [`${path} is too much`];
    if (found.mode === wanted.mode && sameBytes(found.bytes, wanted.bytes)) return [];
    return [`${path} is ${brief(found)} instead of ${brief(wanted)}`];
  });
}

const sameBytes = (one: Buffer | undefined, other: Buffer | undefined): boolean =>
  one === other || (one !== undefined && other?.equals(one) === true);

function brief({ mode, bytes }: Exact): string {
  const text = bytes?.toString("utf8") ?? "";
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `${mode.toString(8)} ${bytes?.length ?? 0} bytes ${JSON.stringify(shown)}`;
}

/**
 * Every stream is valid, continues what was acknowledged before, holds each entry the change owes exactly once (after) or
 * not at all (before).
 */
export function ledgerProblems(
  disk: SimDisk,
  plane: Plane,
  found: Picture,
  before: Picture,
  owed: ReadonlySet<string>,
  side: "before" | "after",
): string[] {
  return PLANE_STREAMS.flatMap((name) => {
    const invalid = verified(disk, plane, name, found);
    if (invalid !== "") return [`${name}: ${invalid}`];
    const old = before.streams.get(name) ?? Buffer.alloc(0);
    const now = found.streams.get(name) ?? Buffer.alloc(0);
    if (!now.subarray(0, old.length).equals(old)) return [`${name} lost entries that were acknowledged`];
    const keys = keysOf(now.subarray(old.length)).map((key) => `${name} ${key}`);
    const twice = keys.filter((key, at) => keys.indexOf(key) !== at);
    const absent = [...owed].filter((key) => key.startsWith(`${name} `) && !keys.includes(key));
    const early = keys.filter((key) => owed.has(key));
    return [
      ...twice.map((key) => `${key} is recorded twice`),
      ...(side === "after" ? absent.map((key) => `${key} is not recorded`) : []),
      ...(side === "before" ? early.map((key) => `${key} is recorded though nothing changed`) : []),
    ];
  });
}

/** Verdicts by the stream and its head: most crashes leave most streams alone, and contents are never changed in place. */
const verdicts = new WeakMap<Buffer, Map<string, string>>();

/** Empty when the stream is valid. */
function verified(disk: SimDisk, plane: Plane, name: string, found: Picture): string {
  const stream = planeStream(plane, name);
  const judge = (): string => {
    const { valid, first_bad } = verifyStream(disk.fs, stream);
    return valid ? "" : (first_bad?.message ?? "invalid");
  };
  const bytes = found.streams.get(name);
  if (bytes === undefined || stream.head_path === undefined) return judge();
  const { fs } = disk;
  const head = fs.stat(stream.head_path) === undefined ? "" : fs.read(stream.head_path).toString("latin1");
  const known = verdicts.get(bytes) ?? new Map<string, string>();
  verdicts.set(bytes, known);
  const verdict = known.get(head) ?? judge();
  known.set(head, verdict);
  return verdict;
}

/** Entries a run added that recovery must add exactly once. */
export function owedEntries(after: Picture, before: Picture): Set<string> {
  return new Set(
    [...after.streams].flatMap(([name, bytes]) =>
      keysOf(bytes.subarray(before.streams.get(name)?.length ?? 0)).map((key) => `${name} ${key}`),
    ),
  );
}

function keysOf(lines: Buffer): string[] {
  // What follows the last newline was never acknowledged.
  return lines
    .toString("utf8")
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const { event_type, metadata } = JSON.parse(line) as {
        event_type: string;
        metadata: { dedupe_key?: string };
      };
      return metadata.dedupe_key === undefined ? [] : [`${event_type} ${metadata.dedupe_key}`];
    });
}
