/** Unified diffs of changed text files, within bounds: a diff of two large unlike texts would take minutes. */
import type { DiffedFile } from "../contracts/index.ts";
import type { PackageContent } from "./content.ts";

const FILE_BYTES_MAX = 1 << 20;
/** Lines inserted and removed; more are no diff a person reads. */
const EDITS_MAX = 4000;
const FILES_MAX = 200;

type Change = Omit<DiffedFile, "text">;

/** By path; files that are no short UTF-8 text, or differ too much, are absent. */
export async function textDiffs(
  files: readonly Change[],
  before: PackageContent,
  after: PackageContent,
): Promise<Map<string, string>> {
  const wanted = files
    .filter((file) => file.change !== "mode" && isShort(file.before) && isShort(file.after))
    .slice(0, FILES_MAX);
  if (wanted.length === 0) return new Map();
  const old = await before.bytesOf(new Set(wanted.filter((one) => one.before).map(({ path }) => path)));
  const now = await after.bytesOf(new Set(wanted.filter((one) => one.after).map(({ path }) => path)));
  const { createTwoFilesPatch } = await import("diff");
  const found = new Map<string, string>();
  for (const { path, before: was, after: is } of wanted) {
    const [a, b] = [was === null ? "" : textOf(old.get(path)), is === null ? "" : textOf(now.get(path))];
    if (a === undefined || b === undefined) continue;
    const names = [
      was === null ? "/dev/null" : `a/${path}`,
      is === null ? "/dev/null" : `b/${path}`,
    ] as const;
    const patch = createTwoFilesPatch(...names, a, b, "", "", { context: 3, maxEditLength: EDITS_MAX });
    if (patch !== undefined) found.set(path, patch.replace(/^=+\n/, ""));
  }
  return found;
}

const isShort = (side: Change["before"]): boolean => side === null || side.size_bytes <= FILE_BYTES_MAX;

function textOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
