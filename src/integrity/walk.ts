/** Every file in the governed roots, links and unreadable folders included. Nothing is followed. */
import type { PlaneConfig } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { FileKind, FileSystem } from "../effects/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { Patterns } from "./patterns.ts";

export interface Visitor {
  /** Anything but a folder. `is_source`: in a declared source tree. */
  onFile(path: string, kind: FileKind, is_source: boolean): void;
  /** Each governed folder, before what lies in it. */
  onFolder(path: string): void;
  onUnreadable(path: string, problem: string): void;
  /** In a governed folder, under a name that is no UTF-8: nothing can be opened by it, so what lies in it stays unseen. */
  onNoText(path: string, kind: FileKind): void;
  /** Whether the files directly in a governed folder need not be shown, and whether there are folders in it. */
  passes?(path: string): { readonly has_folders: boolean } | undefined;
}

/** What stands for bytes that are no UTF-8. */
export const NO_TEXT = "\ufffd";

interface Rules {
  readonly governed: Patterns;
  readonly sources: Patterns;
  readonly excluded: Patterns;
}

/** A governed root holds in each tier; sources and excluded patterns hold where they say. A pattern covers what lies below its match. */
export function walkGoverned(fs: FileSystem, root: string, config: PlaneConfig, visitor: Visitor): void {
  const governed = PLANE_TIERS.flatMap((tier) =>
    config.governed_roots.map((pattern) => tierPrefix(tier) + trimmed(pattern)),
  );
  const [sources, excluded] = [config.sources, config.excluded].map(
    (list) => new Patterns(list.map(trimmed)),
  );
  if (sources === undefined || excluded === undefined) return;
  const rules = { governed: new Patterns(governed), sources, excluded };
  walk({ fs, root, rules, visitor }, { path: "", is_governed: false, is_source: false });
}

interface Walk {
  readonly fs: FileSystem;
  readonly root: string;
  readonly rules: Rules;
  readonly visitor: Visitor;
}

interface Folder {
  readonly path: string;
  readonly is_governed: boolean;
  readonly is_source: boolean;
}

function walk(context: Walk, folder: Folder): void {
  const { fs, root, rules, visitor } = context;
  const passed = folder.is_governed ? visitor.passes?.(folder.path) : undefined;
  if (passed?.has_folders === false) return;
  for (const { name, kind, is_text } of namedIn(context, folder)) {
    const path = joined(folder, name);
    const is_governed = folder.is_governed || rules.governed.cover(path);
    if (!isOfInterest(rules, path, is_governed, kind)) continue;
    if (!is_text) {
      if (is_governed) visitor.onNoText(path, kind);
      continue;
    }
    const is_source = folder.is_source || rules.sources.cover(path);
    if (kind === "directory" && is_governed) visitor.onFolder(path);
    if (kind === "directory") walk({ fs, root, rules, visitor }, { path, is_governed, is_source });
    else if (passed === undefined) visitor.onFile(path, kind, is_source);
  }
}

const joined = (folder: Folder, name: string): string =>
  folder.path === "" ? name : `${folder.path}/${name}`;

/** What lies in a folder, and whether its name is text: names that are none look the same, and like one that holds their sign. */
function* namedIn(
  context: Walk,
  folder: Folder,
): Generator<{ readonly name: string; readonly kind: FileKind; readonly is_text: boolean }> {
  let last = "";
  for (const { name, kind } of listFolder(context, folder)) {
    const is_text =
      !name.includes(NO_TEXT) ||
      (name !== last && context.fs.stat(`${context.root}/${joined(folder, name)}`) !== undefined);
    last = name;
    yield { name, kind, is_text };
  }
}

function isOfInterest(
  { governed, excluded }: Rules,
  path: string,
  is_governed: boolean,
  kind: FileKind,
): boolean {
  return (is_governed || (kind === "directory" && governed.mayLieBelow(path))) && !excluded.cover(path);
}

function listFolder({ fs, root, visitor }: Walk, { path }: Folder): ReturnType<FileSystem["list"]> {
  try {
    return fs.list(path === "" ? root : `${root}/${path}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    // Gone since its parent was listed: nothing to judge.
    if (code !== "ENOENT") visitor.onUnreadable(path, code);
    return [];
  }
}

const trimmed = (pattern: string): string => pattern.replace(/^\/+|\/+$/g, "");
