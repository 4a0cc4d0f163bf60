/** The digest beside an archive. */
import type { FileSystem } from "../effects/index.ts";
import { readSidecar, sidecarPath } from "../store/index.ts";
import type { Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";

/** `expected`: what the archive at `path` has. A missing one is a note. */
export function judgeSidecar(
  { fs, root, outcome }: { readonly fs: FileSystem; readonly root: string; readonly outcome: Outcome },
  path: string,
  package_id: string,
  expected: string,
): void {
  const found = readSidecar(fs, `${root}/${path}`);
  if (found === expected) return;
  const sidecar = sidecarPath(path);
  const is_there = fs.stat(`${root}/${sidecar}`) !== undefined;
  const message = is_there
    ? `${shown(sidecar)} names another digest than its archive has`
    : `${shown(sidecar)} is missing`;
  const step = `Write it again with "printf %s ${expected} > ${shellWord(sidecar)}".`;
  outcome.find(is_there ? "SIDECAR_DIFFERS" : "SIDECAR_MISSING", message, step, {
    severity: is_there ? "error" : "note",
    path: sidecar,
    package_id,
    expected,
    actual: found,
  });
}
