/**
 * Owned paths much like one that nobody knows. Folders are compared with folders and names with names, so that of half a
 * million paths only few are looked at: a typo in both is found when the folder is the nearest one.
 */
import { compareCodePoints, nearest } from "../kernel/index.ts";
import type { OwnedNames } from "./facts.ts";
import { mostAlike } from "./most-alike.ts";
import { parentOf } from "./plane-path.ts";
import type { Sight } from "./sight.ts";

const NEAR_MAX = 5;

export function nearPaths(
  sight: Sight,
  query: string,
): { readonly endings: readonly string[]; readonly alike: readonly string[] } {
  const names = sight.facts.ownedNames() ?? namesOf(ownedPaths(sight));
  const plain = query.replace(/^\/+/, "");
  const own = [...sight.launchers.keys()];
  const endings = [
    ...names.pathsEnding(plain, NEAR_MAX),
    ...own.filter((path) => path.endsWith(`/${plain}`)),
  ];
  const alike = plain.includes("/") ? likePath(names, plain) : likeName(names, plain);
  return { endings: endings.sort(compareCodePoints).slice(0, NEAR_MAX), alike: [...alike, ...own] };
}

function likeName(names: OwnedNames, name: string): string[] {
  const [initial = ""] = name;
  const slack = Math.max(2, Math.floor(name.length / 3));
  const initials = [initial.toLowerCase(), initial.toUpperCase()] as const;
  const found = names.namesLike(initials, name.length - slack, name.length + slack);
  return near(name, found).flatMap((one) => names.pathsNamed(one, NEAR_MAX));
}

function likePath(names: OwnedNames, path: string): string[] {
  const folder = parentOf(path);
  const name = path.slice(folder.length + 1);
  const inside = names.namesIn(folder);
  const folders = inside.length > 0 ? [folder] : near(folder, names.folders());
  return folders.flatMap((one) => near(name, names.namesIn(one)).map((found) => `${one}/${found}`));
}

const near = (text: string, texts: readonly string[]): string[] =>
  nearest(text, mostAlike(text, texts), NEAR_MAX);

/** From one pass over the ownership registry; from the receipts where it says nothing. */
function ownedPaths(sight: Sight): Set<string> {
  const paths = new Set<string>();
  sight.scan("file_ownership", (row) => void paths.add(row.key));
  if (paths.size === 0) for (const path of sight.ownedPaths.keys()) paths.add(path);
  return paths;
}

function namesOf(owned: ReadonlySet<string>): OwnedNames {
  const paths = [...owned];
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const inOrder = (texts: Iterable<string>): string[] => [...texts].sort(compareCodePoints);
  return {
    folders: () => inOrder(new Set(paths.map(parentOf))),
    namesIn: (folder) => inOrder(paths.filter((path) => parentOf(path) === folder)).map(nameOf),
    namesLike: (initials, length_min, length_max) => {
      const names = new Set(paths.map(nameOf));
      const isLike = (name: string): boolean =>
        initials.includes(name.slice(0, 1)) && name.length >= length_min && name.length <= length_max;
      return inOrder([...names].filter(isLike));
    },
    pathsNamed: (name, count_max) =>
      inOrder(paths.filter((path) => nameOf(path) === name)).slice(0, count_max),
    pathsEnding: (text, count_max) =>
      inOrder(paths.filter((path) => path.endsWith(`/${text}`))).slice(0, count_max),
  };
}
