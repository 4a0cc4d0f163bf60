/** Evidence for statements: places in canonical files, with line numbers found in the bytes as they are now. */
import type { Evidence, PlaneTier, RegistryName, TracedEvent } from "../contracts/index.ts";
import { registryPath } from "../plane/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import type { Sight } from "./sight.ts";

/** Files longer than this are named without a line. */
const SEARCHED_BYTES_MAX = 32 << 20;

/** What the room's own readers know without looking again. */
export const evidence = (
  kind: Evidence["kind"],
  path: string,
  found: Partial<Pick<Evidence, "line" | "key" | "entry_hash">> = {},
): Evidence => ({ kind, path, line: null, key: null, entry_hash: null, proof: null, ...found });

export const entryEvidence = (
  { stream, line, id }: Pick<TracedEvent, "stream" | "line" | "id">,
  entry_hash: string | null = null,
): Evidence => evidence("ledger", stream, { line, key: id === "" ? null : id, entry_hash });

export function rowEvidence(
  sight: Sight,
  name: Exclude<RegistryName, "file_ownership" | "packages_state">,
  key: string,
): Evidence | undefined {
  const line = sight.table(name).lineOf(key);
  return line === null ? undefined : evidence("registry", registryPath(name), { line, key });
}

export const receiptEvidence = (
  sight: Sight,
  id: string,
  tier: PlaneTier,
  words: readonly string[] = [],
): Evidence => inJson(sight, "receipt", receiptPath(id, tier), words);

/** Statements of one list whose lines are looked up; of those behind them the file is named alone. */
export const LINES_LOOKED_UP_MAX = 100;

/** The manifests that declare a dependency; for what is not installed, its registry row. */
export function dependencyPlaces(sight: Sight, from: string, to: string, with_line: boolean): Evidence[] {
  const summary = sight.summaryOf(from);
  if (summary === undefined) {
    const row = rowEvidence(sight, "packages_registry", from);
    return row === undefined ? [] : [row];
  }
  if (!with_line) return [evidence("manifest", manifestCopyPath(from, summary.plane_id))];
  return sight
    .installedAs(from)
    .filter(({ manifest }) => manifest.dependencies.some(({ id }) => id === to))
    .map(({ receipt }) => dependencyEvidence(sight, from, receipt.plane_id, to));
}

/** Where an installed manifest declares a dependency. */
const dependencyEvidence = (sight: Sight, id: string, tier: PlaneTier, to: string): Evidence =>
  inJson(sight, "manifest", manifestCopyPath(id, tier), ['"dependencies"', JSON.stringify(to)]);

/** `words` stand in the file one after the other; the line of the last one is the place. */
export const inJson = (
  sight: Sight,
  kind: Evidence["kind"],
  path: string,
  words: readonly string[],
): Evidence => evidence(kind, path, { line: words.length === 0 ? null : placeIn(sight, path, words) });

/** The file looked into last: several statements in a row are about the same one. */
const last_text = new WeakMap<Sight, { readonly path: string; readonly text: string }>();

function placeIn(sight: Sight, path: string, words: readonly string[]): number | null {
  let known = last_text.get(sight);
  if (known?.path !== path) {
    known = { path, text: searchable(sight, path) };
    last_text.set(sight, known);
  }
  return lineOfWords(known.text, words);
}

/** Line of the last of these words, each looked for behind the one before; null where one is missing. */
function lineOfWords(text: string, words: readonly string[]): number | null {
  let at = 0;
  for (const word of words) {
    const found = text.indexOf(word, at);
    if (found < 0) return null;
    at = found + word.length;
  }
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < at; end = text.indexOf("\n", end + 1)) line++;
  return line;
}

function searchable(sight: Sight, path: string): string {
  const stat = sight.stat(path);
  if (stat?.kind !== "file" || stat.size_bytes > SEARCHED_BYTES_MAX) return "";
  try {
    return sight.effects.fs.read(`${sight.plane.root}/${path}`).toString("utf8");
  } catch {
    // It is evidence for what was read a moment ago; without its line it is still the place.
    return "";
  }
}
