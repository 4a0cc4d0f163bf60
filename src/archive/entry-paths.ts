/** What a set of paths must not do to itself: two paths must stay two files on every file system. */
import { type Fault, sortedBy } from "../kernel/index.ts";
import { checkEntryPath } from "./entry-path.ts";
import { make } from "./faults.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is plain ASCII.
const ASCII = /^[\u0000-\u007f]*$/;

/**
 * The name a case-blind, compatibility-folding file system may see. Upper-casing first folds ß to SS and ſ to S, as
 * Unicode full case folding does; characters that are ignored when comparing (joiners, selectors) go.
 */
function foldPath(path: string): string {
  if (ASCII.test(path)) return path.toLowerCase();
  const folded = path.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
  return folded.replace(/\p{Default_Ignorable_Code_Point}/gu, "");
}

/** Notices, path by path, what collides with the paths seen before. Directories above a path count as seen. */
export class PathSet {
  readonly #files = new Set<string>();
  readonly #directories = new Set<string>();
  /** Folded path to the first spelling seen. */
  readonly #spellings = new Map<string, string>();

  addFile(path: string): Fault | undefined {
    if (this.#files.has(path))
      return make("ARCHIVE_PATH_DUPLICATE", `${JSON.stringify(path)} appears twice`, { path });
    if (this.#directories.has(path)) return bothKinds(path);
    this.#files.add(path);
    const above = this.#addParents(path);
    return this.#addSpelling(path) ?? above;
  }

  addDirectory(path: string): Fault | undefined {
    if (this.#files.has(path)) return bothKinds(path);
    if (this.#directories.has(path)) return undefined;
    this.#directories.add(path);
    const above = this.#addParents(path);
    return this.#addSpelling(path) ?? above;
  }

  #addParents(path: string): Fault | undefined {
    const slash = path.lastIndexOf("/");
    return slash < 0 ? undefined : this.addDirectory(path.slice(0, slash));
  }

  #addSpelling(path: string): Fault | undefined {
    const folded = foldPath(path);
    const other = this.#spellings.get(folded);
    if (other === undefined) {
      this.#spellings.set(folded, path);
      return undefined;
    }
    const message = `${JSON.stringify(path)} and ${JSON.stringify(other)} are one name on some file systems`;
    return make("ARCHIVE_PATH_COLLISION", message, { path, other });
  }
}

function bothKinds(path: string): Fault {
  const message = `${JSON.stringify(path)} is both a file and a directory`;
  return make("ARCHIVE_PATH_FILE_AND_DIRECTORY", message, { path });
}

/** Every problem of a list of file paths, each alone and among themselves, sorted by path and code. */
export function checkEntryPaths(paths: Iterable<string>): Fault[] {
  const seen = new PathSet();
  const faults: { readonly key: string; readonly fault: Fault }[] = [];
  for (const path of paths) {
    const fault = checkEntryPath(path) ?? seen.addFile(path);
    if (fault) faults.push({ key: `${path}\0${fault.code}`, fault });
  }
  return sortedBy(faults, ({ key }) => key).map(({ fault }) => fault);
}
