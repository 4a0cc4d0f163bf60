/** Mends in the manifests of a source what has one safe mend, and shows it as a diff. Touches nothing else. */
import { createTwoFilesPatch } from "diff";
import { distance } from "fastest-levenshtein";
import type { PreflightFix } from "../../contracts/index.ts";
import type { Effects, FileSystem } from "../../effects/index.ts";
import type { Fault } from "../../kernel/index.ts";
import { inspectSource } from "../../metadata/index.ts";
import { absolute, replaceFile } from "../../plane/index.ts";
import { checkPlugin, editFor, findUntidy, loadFixText } from "../../preflight/index.ts";
import { packedPlugin } from "../build-manifest.ts";
import { below } from "./source-files.ts";
import { shownPath } from "./world.ts";

export interface Fixed {
  readonly fixes: readonly PreflightFix[];
  /** Unified; empty where nothing is mended. */
  readonly diff: string;
}

/** One mend may bring the next to light; a manifest has no more problems than this. */
const ROUNDS_MAX = 100;

/** Nothing for what is no source folder and no manifest in one. */
export async function fixSource(effects: Effects, subject: string, dry_run: boolean): Promise<Fixed> {
  const folder = folderOf(effects, subject);
  if (folder === undefined) return { fixes: [], diff: "" };
  const texts = new Map<string, { readonly before: string; after: string }>();
  const fixes: PreflightFix[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = await firstFix(effects, folder, subject, texts);
    if (found === undefined) break;
    fixes.push({ ...found, path: below(shownPath(effects, folder), found.path) });
  }
  const shown = shownPath(effects, folder);
  const diffs = [...texts].map(([path, { before, after }]) =>
    createTwoFilesPatch(`a/${below(shown, path)}`, `b/${below(shown, path)}`, before, after, "", "", {
      context: 2,
    }),
  );
  if (!dry_run)
    for (const [path, { after }] of texts) replaceFile(effects, `${folder}/${path}`, Buffer.from(after));
  return { fixes, diff: diffs.map((diff) => diff.replace(/^=+\n/, "")).join("") };
}

interface Mendable {
  readonly fault: Pick<Fault, "code" | "message" | "details">;
  readonly path: unknown;
  readonly field: unknown;
}

type Texts = Map<string, { readonly before: string; after: string }>;

/** The first problem that can be mended, mended in `texts`. */
async function firstFix(
  effects: Effects,
  folder: string,
  subject: string,
  texts: Texts,
): Promise<PreflightFix | undefined> {
  const fs = overlaid(effects.fs, folder, texts);
  const inspection = await inspectSource(fs, folder, subject);
  const problems: Mendable[] = inspection.problems.map((fault) => ({
    fault,
    path: fault.details["path"],
    field: fault.details["field"],
  }));
  const { metadata } = inspection;
  const plugin = metadata?.plugin;
  if (plugin !== undefined) {
    const later = [
      ...checkPlugin(
        {
          package_id: metadata?.id ?? "",
          plugin: packedPlugin(
            plugin,
            metadata?.target ?? `modules/${folder.slice(folder.lastIndexOf("/") + 1)}`,
          ),
        },
        subject,
      ),
      ...findUntidy(plugin),
    ];
    const places = await inspection.locate(later.map(({ details }) => fieldOf(details["field"])));
    problems.push(
      ...later.map((fault, index) => ({ fault, path: places[index]?.path, field: places[index]?.field })),
    );
  }
  const fixText = await loadFixText();
  for (const { fault, path, field } of problems) {
    if (typeof path !== "string" || typeof field !== "string") continue;
    const edit = editFor(fault, field, distance);
    const before = fs.readText(`${folder}/${path}`);
    const after =
      edit === undefined ? undefined : fixText(before, path.endsWith(".toml") ? "toml" : "json", edit);
    if (after === undefined) continue;
    texts.set(path, { before: texts.get(path)?.before ?? before, after });
    return { path, code: fault.code, field, message: fault.message };
  }
  return undefined;
}

function folderOf({ fs, host }: Effects, subject: string): string | undefined {
  const path = absolute(host.cwd, subject);
  if (fs.stat(path) === undefined) return undefined;
  const real = fs.realPath(path);
  if (fs.stat(real)?.kind === "directory") return real;
  return /\/(holdfast\.toml|pyproject\.toml|package\.json|manifest\.json)$/.test(real)
    ? real.slice(0, real.lastIndexOf("/"))
    : undefined;
}

const fieldOf = (field: unknown): string => (typeof field === "string" ? field : "/");

/** Texts as they will be, before they are written. */
const overlaid = (fs: FileSystem, folder: string, texts: Texts): FileSystem => ({
  ...fs,
  readText: (path) =>
    path.startsWith(`${folder}/`)
      ? (texts.get(path.slice(folder.length + 1))?.after ?? fs.readText(path))
      : fs.readText(path),
});
