/** Versions of a package of which the store holds an archive. */

import compare from "semver/functions/compare.js";
import valid from "semver/functions/valid.js";
import { STORE_DIRECTORY } from "../store/index.ts";
import type { Sight } from "./sight.ts";

/** Lowest first. By name alone: an archive under a false name is found out by whoever reads it. */
export function storedVersions(sight: Sight, package_id: string): string[] {
  if (sight.stat(STORE_DIRECTORY)?.kind !== "directory") return [];
  const prefix = `${package_id}-`;
  return (sight.facts.archivesNamed(prefix) ?? archivesIn(sight))
    .flatMap((path) => {
      const name = path.slice(STORE_DIRECTORY.length + 1);
      if (!name.startsWith(prefix)) return [];
      const version = name.slice(prefix.length, -".tar.gz".length);
      return valid(version) === version ? [version] : [];
    })
    .sort(compare);
}

/** Plane-relative paths of every archive in the store. */
export const archivesIn = ({ effects: { fs }, plane: { root } }: Sight): string[] =>
  fs
    .list(`${root}/${STORE_DIRECTORY}`)
    .filter(({ name, kind }) => kind === "file" && name.endsWith(".tar.gz"))
    .map(({ name }) => `${STORE_DIRECTORY}/${name}`);
