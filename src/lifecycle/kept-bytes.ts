/** Displaced files of the kept generations, found again by their bytes: what a rollback puts back. */
import type { FileSystem } from "../effects/index.ts";
import { type KeptFile, keptFiles, keptNumbers } from "../journal/index.ts";

export class KeptBytes {
  readonly #by_digest = new Map<string, KeptFile[]>();
  readonly #taken = new Set<string>();

  private constructor(files: readonly KeptFile[]) {
    for (const file of files) {
      if (file.sha256 === undefined) continue;
      const known = this.#by_digest.get(file.sha256);
      if (known === undefined) this.#by_digest.set(file.sha256, [file]);
      else known.push(file);
    }
  }

  /** Newest generation first. */
  static read(fs: FileSystem, root: string): KeptBytes {
    const numbers = keptNumbers(fs, root).reverse();
    return new KeptBytes(numbers.flatMap((number) => keptFiles(fs, root, number)));
  }

  /** Whether a file with these bytes (bare hex) and executable bit is kept. */
  has(sha256: string, executable: boolean): boolean {
    return this.#find(sha256, executable) !== undefined;
  }

  /** A kept file for this path, each given away once; the same path is preferred. `spare` is one already given away. */
  take(
    path: string,
    sha256: string,
    executable: boolean,
  ): { readonly file: KeptFile; readonly spare: boolean } | undefined {
    const fitting = (this.#by_digest.get(sha256) ?? []).filter((one) => isExecutable(one) === executable);
    const free = fitting.filter(({ file }) => !this.#taken.has(file));
    const file = free.find((one) => one.path === path) ?? free[0];
    if (file !== undefined) {
      this.#taken.add(file.file);
      return { file, spare: false };
    }
    const other = fitting[0];
    return other === undefined ? undefined : { file: other, spare: true };
  }

  /** The kept file of exactly this path and digest. */
  at(path: string, sha256: string): KeptFile | undefined {
    return this.#by_digest.get(sha256)?.find((one) => one.path === path);
  }

  #find(sha256: string, executable: boolean): KeptFile | undefined {
    return this.#by_digest.get(sha256)?.find((one) => isExecutable(one) === executable);
  }
}

const isExecutable = ({ mode }: KeptFile): boolean => (mode & 0o100) !== 0;
