/** What the plane keeps at a path, in one phrase; and which package a path is the source of. */
import { ancestorsAndSelf } from "../plane/index.ts";
import { trimPath } from "./plane-path.ts";
import type { Sight } from "./sight.ts";

const ROLES: readonly (readonly [RegExp, (id: string) => string])[] = [
  [/^(?:planes\/ho[12]\/)?installed\/([^/]+)\/receipt\.json$/, (id) => `receipt of ${id}`],
  [/^(?:planes\/ho[12]\/)?installed\/([^/]+)\/manifest\.json$/, (id) => `manifest of ${id} as installed`],
  [/^(?:planes\/ho[12]\/)?installed\/([^/]+)/, (id) => `receipt folder of ${id}`],
  [/^packages_store\/(.+)\.tar\.gz$/, (id) => `archive of ${id}`],
  [/^packages_store\/(.+)\.tar\.gz\.[\w.]+$/, (id) => `kept beside the archive of ${id}`],
  [/^registries\/([^/]+)\.csv$/, (id) => `registry ${id}`],
  [/^(?:planes\/ho[12]\/)?ledger\/(.+)\.jsonl$/, (id) => `ledger stream ${id}`],
  [/^specs\/(SPEC[^/]*)/, (id) => `spec pack ${id}`],
  [/^frameworks\/(FMWK(?:-[A-Z0-9]+)+)/, (id) => `document of ${id}`],
  [/^config\/plane\.toml$/, () => "configuration of this plane"],
  [/^\.holdfast(?:\/|$)/, () => "internal state of this plane"],
];

/** Empty when the place says nothing. */
export function roleOf(path: string): string {
  for (const [pattern, phrase] of ROLES) {
    const found = pattern.exec(path);
    if (found !== null) return phrase(found[1] ?? "");
  }
  return "";
}

/** The registered package whose `artifact_path` is this path or the nearest folder above it. */
export function sourceOf(sight: Sight, path: string): string | null {
  const above = new Set(ancestorsAndSelf(path));
  let best: { id: string; length: number } | undefined;
  for (const [id, row] of sight.table("packages_registry").ending([...above])) {
    const covered = trimPath(row["artifact_path"] ?? "");
    if (above.has(covered) && covered.length > (best?.length ?? 0)) best = { id, length: covered.length };
  }
  return best?.id ?? null;
}
