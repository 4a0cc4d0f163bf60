/** What the plane's configuration says about a path nobody owns. */
import type { TraceVerdict } from "../contracts/index.ts";
import { matchesGlob } from "../metadata/index.ts";
import type { Plane } from "./open.ts";

/** `source` in a declared source tree, `unowned` elsewhere in a governed root, null where neither rule applies. */
export function unownedVerdict(
  { config }: Plane,
  path: string,
): Extract<TraceVerdict, "source" | "unowned"> | null {
  const covers = (pattern: string): boolean =>
    ancestorsAndSelf(path).some((one) => matchesGlob(one, pattern));
  if (!config.governed_roots.some(covers) || config.excluded.some(covers)) return null;
  return config.sources.some(covers) ? "source" : "unowned";
}

/** `a`, `a/b`, `a/b/c`. */
export function ancestorsAndSelf(path: string): string[] {
  const segments = path.split("/");
  return segments.map((_, index) => segments.slice(0, index + 1).join("/"));
}
