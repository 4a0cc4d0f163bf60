/** The files of this repository as the rules see them. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");

export interface SourceFile {
  /** Relative to the repository, with "/". */
  readonly path: string;
  readonly text: string;
}

/** Every file git tracks or would track, as text. Files with a NUL byte are left out. */
export function repositoryFiles(): SourceFile[] {
  const names = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return names
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }))
    .filter(({ text }) => !text.includes("\0"));
}

export const isCode = ({ path }: SourceFile): boolean =>
  /^(src|scripts|bin|templates)\/.*\.(ts|mjs|cjs|py)$/.test(path);

export const isGenerated = ({ text }: SourceFile): boolean => /@generated\b/.test(text.slice(0, 200));

/** `path:line` of every line that matches, for a message that can be clicked. */
export function linesMatching(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 120)}`] : [],
      ),
  );
}
