/** Every file in the governed roots, links and unreadable folders included. Nothing is followed. */
import type { PlaneConfig } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { FileKind, FileSystem } from "../effects/index.ts";
import { matchesGlob } from "../metadata/index.ts";
import { tierPrefix } from "../receipts/index.ts";

export interface Visitor {
  /** Anything but a folder. `is_source`: in a declared source tree. */
  onFile(path: string, kind: FileKind, is_source: boolean): void;
  onUnreadable(path: string, problem: string): void;
}

interface Rules {
  readonly governed: readonly string[];
  readonly sources: readonly string[];
  readonly excluded: readonly string[];
}

/** A governed root holds in each tier; sources and excluded patterns hold where they say. A pattern covers what lies below its match. */
export function walkGoverned(fs: FileSystem, root: string, config: PlaneConfig, visitor: Visitor): void {
  const governed = PLANE_TIERS.flatMap((tier) =>
    config.governed_roots.map((pattern) => tierPrefix(tier) + trimmed(pattern)),
  );
  const rules = { governed, sources: config.sources.map(trimmed), excluded: config.excluded.map(trimmed) };
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
  for (const { name, kind } of listFolder(context, folder)) {
    const path = folder.path === "" ? name : `${folder.path}/${name}`;
    const is_governed = folder.is_governed || matchesAny(path, rules.governed);
    if (
      !is_governed &&
      (kind !== "directory" || !rules.governed.some((pattern) => mayLieBelow(path, pattern)))
    )
      continue;
    if (matchesAny(path, rules.excluded)) continue;
    const is_source = folder.is_source || matchesAny(path, rules.sources);
    if (kind === "directory") walk({ fs, root, rules, visitor }, { path, is_governed, is_source });
    else visitor.onFile(path, kind, is_source);
  }
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
const matchesAny = (path: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matchesGlob(path, pattern));

/** Whether something inside this folder could match, judged by the part of the pattern before its first wildcard. */
function mayLieBelow(folder: string, pattern: string): boolean {
  const fixed = /^[^*?]*(?=[*?])/.exec(pattern)?.[0] ?? pattern;
  return (
    fixed.startsWith(`${folder}/`) ||
    (fixed !== pattern && `${folder}/`.startsWith(fixed.slice(0, fixed.lastIndexOf("/") + 1)))
  );
}
