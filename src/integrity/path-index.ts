/**
 * Where each of many paths stands in a list, without an entry for each of them: they come folder by folder and sorted, so that
 * a folder knows them all by where its runs begin and end. A folder in which they come otherwise gets a map of its own.
 */

interface Run {
  readonly start: number;
  end: number;
}

interface Folder {
  /** Up to the last slash. */
  readonly prefix: string;
  /** Of paths that ascend. */
  readonly runs: Run[];
  by_path: Map<string, number> | undefined;
  /** The place found last: mostly the next one is asked for next. */
  found: number;
}

/** With more of them a map is faster. */
const RUNS_MAX = 8;

export class PathIndex {
  readonly #paths: readonly string[];
  readonly #folders = new Map<string, Folder>();
  #last: Folder | undefined;

  /** `paths`: may grow; each has one place. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** For a path that is about to become the last one of the list. @returns its place where it has one already */
  add(path: string): number | undefined {
    const folder = this.#folderOf(path) ?? this.#newFolder(path);
    const index = this.#paths.length;
    const last = folder.by_path === undefined ? folder.runs.at(-1) : undefined;
    const goes_on = last?.end === index && (this.#paths[index - 1] ?? "") < path;
    if (!goes_on || folder.runs.length > 1) {
      const known = this.#find(folder, path);
      if (known !== undefined) return known;
    }
    if (folder.by_path !== undefined) folder.by_path.set(path, index);
    else if (goes_on) last.end += 1;
    else this.#addRun(folder, path, index);
    return undefined;
  }

  indexOf(path: string): number | undefined {
    const folder = this.#folderOf(path);
    if (folder === undefined) return undefined;
    const next = folder.found + 1;
    const found = this.#paths[next] === path ? next : this.#find(folder, path);
    if (found !== undefined) folder.found = found;
    return found;
  }

  #folderOf(path: string): Folder | undefined {
    const length = path.lastIndexOf("/") + 1;
    const last = this.#last;
    if (last?.prefix.length === length && path.startsWith(last.prefix)) return last;
    const folder = this.#folders.get(path.slice(0, length));
    if (folder !== undefined) this.#last = folder;
    return folder;
  }

  #newFolder(path: string): Folder {
    const prefix = path.slice(0, path.lastIndexOf("/") + 1);
    const folder = { prefix, runs: [], by_path: undefined, found: -2 };
    this.#folders.set(prefix, folder);
    this.#last = folder;
    return folder;
  }

  #addRun(folder: Folder, path: string, index: number): void {
    if (folder.runs.length < RUNS_MAX) {
      folder.runs.push({ start: index, end: index + 1 });
      return;
    }
    const by_path = new Map<string, number>();
    for (const { start, end } of folder.runs.splice(0))
      for (let at = start; at < end; at++) by_path.set(this.#paths[at] ?? "", at);
    folder.by_path = by_path.set(path, index);
  }

  #find({ runs, by_path }: Folder, path: string): number | undefined {
    if (by_path !== undefined) return by_path.get(path);
    for (const { start, end } of runs) {
      let [low, high] = [start, end];
      while (low < high) {
        const middle = (low + high) >>> 1;
        const one = this.#paths[middle] ?? "";
        if (one === path) return middle;
        if (one < path) low = middle + 1;
        else high = middle;
      }
    }
    return undefined;
  }
}
