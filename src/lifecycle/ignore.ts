/** What a pack leaves out: caches and editor droppings always, `node_modules` unless told otherwise, and what `.holdfastignore` names. */
import { matchesGlob } from "../metadata/index.ts";

export const IGNORE_FILE = ".holdfastignore";

const ALWAYS = new Set([
  "__pycache__",
  ".git",
  ".hg",
  ".svn",
  ".holdfast",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".tox",
  ".venv",
  ".DS_Store",
  IGNORE_FILE,
]);
/** Before the lines of the file: `!node_modules/` there packs vendored dependencies. */
const FIRST_LINE = "node_modules/";
const ALWAYS_ENDINGS = [".pyc", ".pyo", ".swp", "~"];

export type Ignores = (path: string, is_directory: boolean) => boolean;

/**
 * One glob a line, `#` comments; `name/` matches folders only; a pattern without a slash matches at any depth;
 * `!pattern` takes a later match back. The last matching line decides.
 */
export function parseIgnore(text: string): Ignores {
  const rules = `${FIRST_LINE}\n${text}`
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const keeps = line.startsWith("!");
      const body = keeps ? line.slice(1) : line;
      const directories_only = body.endsWith("/");
      const pattern = body.replace(/\/$/, "");
      const anchored = pattern.includes("/");
      return { keeps, directories_only, pattern: anchored ? pattern.replace(/^\//, "") : `**/${pattern}` };
    });
  return (path, is_directory) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (ALWAYS.has(name) || ALWAYS_ENDINGS.some((ending) => name.endsWith(ending))) return true;
    const decided = rules.findLast(
      (rule) => (is_directory || !rule.directories_only) && matchesGlob(path, rule.pattern),
    );
    return decided !== undefined && !decided.keeps;
  };
}
