/** What a file is for, in its own words: its first heading, docstring or comment. Cheap enough for a thousand files. */
import type { Sight } from "./sight.ts";

const HEAD_BYTES = 1024;
const PURPOSE_CHARACTERS_MAX = 160;

const PATTERNS: readonly (readonly [RegExp, RegExp])[] = [
  [/\.py$/, /^(?:#[^\n]*\n|\s)*[rRuU]?("""|''')\s*(?<text>[^\n]+?)\s*(?:\1|\n|$)/],
  [/\.(?:md|markdown)$/, /^\s*#+\s+(?<text>[^\n]+)/],
  [
    /\.(?:[cm]?[jt]s|java|c|h|go|rs)$/,
    /^(?:#![^\n]*\n)?\s*(?:\/\*\*?[\s*]*|\/\/+\s*)(?<text>[^\n]+?)\s*(?:\*\/|\n|$)/,
  ],
  [/\.(?:toml|ya?ml|sh|cfg|ini)$/, /^(?:#![^\n]*\n)?\s*#+\s*(?<text>[^\n]+)/],
];

/** Empty when the file says nothing of itself. `path` is a regular file inside the plane. */
export function readPurpose(sight: Sight, path: string): string {
  const pattern = PATTERNS.find(([name]) => name.test(path))?.[1];
  if (pattern === undefined) return "";
  const text = pattern.exec(readHead(sight, path))?.groups?.["text"]?.trim() ?? "";
  return text.slice(0, PURPOSE_CHARACTERS_MAX).toWellFormed();
}

const buffer = Buffer.allocUnsafe(HEAD_BYTES);

function readHead({ effects: { fs }, plane }: Sight, path: string): string {
  try {
    const handle = fs.openRead(`${plane.root}/${path}`);
    try {
      return buffer.toString("utf8", 0, handle.read(buffer));
    } finally {
      handle.close();
    }
  } catch {
    // It was readable a moment ago; a purpose is not worth failing for.
    return "";
  }
}
