/** One digest over what the wheels put in place: the same for every interpreter and plane, so a receipt can name it. */
import type { EnvironmentRecord } from "../../contracts/index.ts";
import { compactAsciiJson, sha256Hex, sortedBy } from "../../kernel/index.ts";

/** Bare hex. */
export function contentDigest(site: string, files: EnvironmentRecord["files"]): string {
  const own = files
    .filter(({ path }) => path.startsWith(`${site}/`))
    .map(({ path, sha256, executable }) => [path.slice(site.length + 1), sha256, executable] as const);
  return sha256Hex(compactAsciiJson(sortedBy(own, ([path]) => path).map((row) => [...row])));
}
