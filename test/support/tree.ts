/** Temporary folders and exact pictures of what lies in them. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** Removed when the test ends. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Files by relative path; a value may carry a mode. */
export function writeTree(
  root: string,
  files: Record<string, string | { text: string; mode: number }>,
): void {
  for (const [path, value] of Object.entries(files)) {
    const { text, mode } = typeof value === "string" ? { text: value, mode: 0o644 } : value;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), mode);
  }
}

/** The index of a plane is derived: it may come, grow and go at any time. */
const DERIVED = /(^|\/)\.holdfast\/cache(\/index\.sqlite.*)?$/;

/** Every path with kind, mode and content, but for the derived index; paths for which `leaves_out` says so are not looked at. */
export function picture(
  root: string,
  leaves_out: (path: string) => boolean = () => false,
): Record<string, string> {
  const seen: Record<string, string> = {};
  const walk = (prefix: string): void => {
    for (const name of readdirSync(join(root, prefix)).sort()) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      if (leaves_out(path) || DERIVED.test(path)) continue;
      const stats = lstatSync(join(root, path));
      const mode = (stats.mode & 0o7777).toString(8);
      if (stats.isDirectory()) {
        seen[`${path}/`] = mode;
        walk(path);
      } else if (stats.isSymbolicLink()) seen[path] = `-> ${readlinkSync(join(root, path))}`;
      else seen[path] = `${mode} ${readFileSync(join(root, path), "base64")}`;
    }
  };
  walk("");
  return seen;
}
