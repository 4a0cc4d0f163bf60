/** What was changed in a file, as far as the recorded bytes can be had: from the store, or from a kept generation. */
import { readArchive } from "../archive/index.ts";
import type { JudgedPath } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { keptFiles, keptNumbers } from "../journal/index.ts";
import { bare, Fault, sha256Hex } from "../kernel/index.ts";
import { type InstalledHead, tierPrefix } from "../receipts/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import type { Expected, ExpectedPaths } from "./expected.ts";

/** Paths of which a difference is shown. */
const DIFFS_MAX = 20;
const FILE_BYTES_MAX = 256 * 1024;
const LINES_MAX = 200;

/** Configuration and state may hold what is nobody else's business: shown only where it was asked for. */
const PRIVATE = new Set(["config", "state"]);

/** Adds `diff` to drifted paths, in place; at most twenty. */
export async function addDiffs(
  effects: Effects,
  root: string,
  { expected, shows_private }: { readonly expected: ExpectedPaths; readonly shows_private: boolean },
  paths: JudgedPath[],
): Promise<void> {
  const wanted = paths
    .filter(({ verdict, actual }) => verdict === "drift" && /^[0-9a-f]{64}( executable)?$/.test(actual ?? ""))
    .filter(({ classification }) => shows_private || !PRIVATE.has(classification ?? ""))
    .flatMap((judged) => {
      const one = expected.get(judged.path);
      return one?.receipt === undefined || judged.actual?.slice(0, 64) === bare(one.sha256)
        ? []
        : [{ judged, one, receipt: one.receipt }];
    })
    .slice(0, DIFFS_MAX);
  if (wanted.length === 0) return;
  const recorded = await recordedTexts(effects, root, wanted);
  const { createTwoFilesPatch } = await import("diff");
  for (const { judged } of wanted) {
    const before = recorded.get(judged.path);
    const now = textAt(effects, `${root}/${judged.path}`);
    if (before === undefined || now === undefined) continue;
    const options = { context: 3, maxEditLength: 5000 } as const;
    const patch = createTwoFilesPatch(
      `recorded/${judged.path}`,
      `found/${judged.path}`,
      before,
      now,
      "",
      "",
      options,
    );
    // Undefined where the two have too little in common for a diff to say anything.
    if (patch !== undefined) judged.diff = cut(patch);
  }
}

function cut(patch: string): string {
  const lines = patch.toWellFormed().split("\n").slice(1);
  const rest = lines.length - LINES_MAX;
  return rest > 0 ? [...lines.slice(0, LINES_MAX), `… ${rest} more lines`].join("\n") : lines.join("\n");
}

interface Wanted {
  readonly judged: JudgedPath;
  readonly one: Expected;
  readonly receipt: InstalledHead["receipt"];
}

async function recordedTexts(
  effects: Effects,
  root: string,
  wanted: readonly Wanted[],
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const take = (path: string, sha256: string, bytes: Uint8Array): void => {
    const text = sha256Hex(bytes) === bare(sha256) ? textOf(bytes) : undefined;
    if (text !== undefined) texts.set(path, text);
  };
  for (const [receipt, files] of Map.groupBy(wanted, ({ receipt: of_package }) => of_package)) {
    const members = await readMembers(effects, root, receipt, new Set(files.map(({ one }) => one.path)));
    for (const { one } of files) {
      const bytes = members.get(one.path);
      if (bytes !== undefined) take(one.path, one.sha256, bytes);
    }
  }
  const missing = new Map(
    wanted.flatMap(({ one }) => (texts.has(one.path) ? [] : [[bare(one.sha256), one] as const])),
  );
  if (missing.size > 0) takeKept(effects, root, missing, take);
  return texts;
}

/** By plane-relative path. Empty where the store holds no archive that can be read. */
async function readMembers(
  effects: Effects,
  root: string,
  { package_id, version, plane_id }: InstalledHead["receipt"],
  paths: ReadonlySet<string>,
): Promise<Map<string, Uint8Array>> {
  const { fs } = effects;
  const archive = [versionedArchivePath(package_id, version), latestArchivePath(package_id)]
    .map((path) => `${root}/${path}`)
    .find((path) => fs.stat(path)?.kind === "file");
  if (archive === undefined) return new Map();
  const prefix = tierPrefix(plane_id);
  // Legacy archives put everything under one package folder.
  const pathOf = (member: string): string | undefined =>
    [member, member.replace(/^PKG-[^/]+\//, "")].map((one) => prefix + one).find((one) => paths.has(one));
  try {
    const { kept } = await readArchive(effects, archive, { keep: (member) => pathOf(member) !== undefined });
    return new Map([...kept].map(([member, bytes]) => [pathOf(member) ?? member, bytes]));
  } catch (error) {
    // What is wrong with the archive is a finding of its own.
    if (error instanceof Fault) return new Map();
    throw error;
  }
}

function takeKept(
  { fs }: Effects,
  root: string,
  missing: Map<string, Expected>,
  take: (path: string, sha256: string, bytes: Uint8Array) => void,
): void {
  try {
    for (const number of keptNumbers(fs, root).reverse()) {
      for (const { file, sha256 = "", size_bytes } of keptFiles(fs, root, number)) {
        const one = missing.get(sha256);
        if (one === undefined || size_bytes > FILE_BYTES_MAX) continue;
        take(one.path, one.sha256, fs.read(`${root}/${file}`));
        missing.delete(sha256);
      }
    }
  } catch (error) {
    if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function textAt({ fs }: Effects, path: string): string | undefined {
  try {
    const found = fs.stat(path);
    return found?.kind === "file" && found.size_bytes <= FILE_BYTES_MAX ? textOf(fs.read(path)) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > FILE_BYTES_MAX || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
