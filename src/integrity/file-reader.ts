/** Reads files for the check, on all cores, and believes what an earlier check saw where it may. Counts both. */
import { type Effects, FILE_STATE, type FileTable, STAMP_WIDTH } from "../effects/index.ts";

export interface FileReading {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly executable: boolean;
}
/** `undefined`: absent or no regular file. A text: the error code with which reading failed. */
export type Reading = FileReading | undefined | string;

/** What was seen of a file that is known to be as it was. */
export interface Believed {
  readonly stamp: BigUint64Array;
  readonly digest: Uint8Array;
}

/** What an earlier check knows of files. */
export interface Memory {
  /** Whether it knows of any file that it is as it was. */
  readonly recalls: boolean;
  /** Undefined where the file must be looked at. */
  believed(path: string): Believed | undefined;
  /** In the order of the paths; zeros for a path that is not known. */
  knownFor(paths: readonly string[]): { readonly stamps: BigUint64Array; readonly digests: Uint8Array };
}

export interface ReadTable {
  readonly paths: readonly string[];
  /** Whether packages own them: read for their own verdict alone. */
  readonly is_owned: boolean;
  readonly table: FileTable;
  /** 32 bytes each, of trusted files too. */
  readonly digests: Uint8Array;
}

interface StartOptions {
  readonly is_owned?: boolean;
  readonly counts?: boolean;
  readonly is_heavy?: boolean;
  /** Of all paths, which then begin below it: with its slash. */
  readonly folder?: string;
}

export class FileReader {
  hashed_count = 0;
  trusted_count = 0;
  /** What was read, where it is to be kept. */
  readonly tables: ReadTable[] = [];
  readonly #workers: Effects["workers"];
  readonly #memory: Memory | undefined;
  readonly #keeps: boolean;

  /** Without a memory nothing is believed. */
  constructor({ workers }: Pick<Effects, "workers">, memory?: Memory, keeps = false) {
    this.#workers = workers;
    this.#memory = memory;
    this.#keeps = keeps;
  }

  /** In the order given. Absolute paths. */
  async readAll(paths: readonly string[]): Promise<Reading[]> {
    const read = await this.start(paths).finish();
    return paths.map((_, index) => readingAt(read, index));
  }

  /**
   * Other threads begin at once; this one joins them when it calls `finish`. `counts`: false for the plane's own files, which are
   * no governed ones. `is_heavy`: even few of them are worth a thread.
   */
  start(
    given: readonly string[],
    { is_owned = false, counts = true, is_heavy = false, folder = "" }: StartOptions = {},
  ): { readonly finish: () => Promise<ReadTable> } {
    const memory = this.#memory;
    const paths = this.#looks ? withFolder(folder, given) : given;
    const believed = memory?.recalls === true ? paths.map((path) => memory.believed(path)) : undefined;
    const wanted = believed === undefined ? paths : paths.filter((_, index) => believed[index] === undefined);
    const known = memory?.knownFor(wanted) ?? null;
    const options = this.#looks ? { is_heavy } : { is_heavy, folder, is_unstamped: true };
    const under_way = this.#workers.startTable(wanted, known?.stamps ?? null, options);
    return {
      finish: async () => {
        const table = await under_way.finish();
        const counted = [this.hashed_count, this.trusted_count] as const;
        const looked = { paths: wanted, is_owned, table, digests: this.#counted(table, known?.digests) };
        if (this.#keeps) this.tables.push(looked);
        const is_all = believed === undefined || wanted.length === paths.length;
        const read = is_all ? looked : this.#withBelieved(paths, looked, believed);
        if (!counts) [this.hashed_count, this.trusted_count] = counted;
        return read;
      },
    };
  }

  /** Whether anybody looks for a path or a stamp, or keeps them. */
  get #looks(): boolean {
    return this.#keeps || this.#memory !== undefined;
  }

  #withBelieved(
    paths: readonly string[],
    looked: ReadTable,
    known: readonly (Believed | undefined)[],
  ): ReadTable {
    const states = new Uint8Array(paths.length);
    const stamps = new BigUint64Array(paths.length * STAMP_WIDTH);
    const digests = new Uint8Array(paths.length * 32);
    const problems = new Map<number, string>();
    let at = 0;
    for (const [index, believed] of known.entries()) {
      if (believed !== undefined) {
        this.trusted_count += 1;
        states[index] = FILE_STATE.trusted;
        stamps.set(believed.stamp, index * STAMP_WIDTH);
        digests.set(believed.digest, index * 32);
        continue;
      }
      states[index] = looked.table.states[at] ?? FILE_STATE.no_file;
      stamps.set(looked.table.stamps.subarray(at * STAMP_WIDTH, (at + 1) * STAMP_WIDTH), index * STAMP_WIDTH);
      digests.set(looked.digests.subarray(at * 32, at * 32 + 32), index * 32);
      const problem = looked.table.problems.get(at);
      if (problem !== undefined) problems.set(index, problem);
      at += 1;
    }
    return { ...looked, paths, table: { states, stamps, digests, problems }, digests };
  }

  /** All digests, of trusted files too. */
  #counted({ states, digests: hashed }: FileTable, known: Uint8Array | undefined): Uint8Array {
    // Nothing writes any more where nothing is trusted.
    const digests = known === undefined ? hashed : new Uint8Array(hashed);
    for (let index = 0; index < states.length; index++) {
      if (states[index] === FILE_STATE.hashed) this.hashed_count += 1;
      if (states[index] !== FILE_STATE.trusted) continue;
      this.trusted_count += 1;
      digests.set(known?.subarray(index * 32, index * 32 + 32) ?? [], index * 32);
    }
    return digests;
  }
}

const withFolder = (folder: string, paths: readonly string[]): readonly string[] =>
  folder === "" ? paths : paths.map((path) => folder + path);

export function readingAt({ table, digests }: ReadTable, index: number): Reading {
  const state = table.states[index];
  if (state === FILE_STATE.unreadable) return table.problems.get(index) ?? "EIO";
  if (state === FILE_STATE.no_file) return undefined;
  const mode = modeAt(table, index);
  const sha256 = Buffer.from(digests.buffer, digests.byteOffset).toString("hex", index * 32, index * 32 + 32);
  return { sha256, mode, executable: (mode & 0o100) !== 0 };
}

/** Permission bits of a file that was read or believed. */
export const modeAt = ({ stamps }: FileTable, index: number): number =>
  Number(stamps[index * STAMP_WIDTH + 1]) & 0o7777;
