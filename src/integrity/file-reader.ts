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

/** What an earlier check knows of files. */
export interface Memory {
  /** In the order of the paths; zeros for a path that is not known. */
  knownFor(paths: readonly string[]): { readonly stamps: BigUint64Array; readonly digests: Uint8Array };
}

export interface ReadTable {
  readonly paths: readonly string[];
  readonly table: FileTable;
  /** 32 bytes each, of trusted files too. */
  readonly digests: Uint8Array;
}

export class FileReader {
  hashed_count = 0;
  trusted_count = 0;
  readonly tables: ReadTable[] = [];
  readonly #workers: Effects["workers"];
  readonly #memory: Memory | undefined;

  /** Without a memory nothing is believed. */
  constructor({ workers }: Pick<Effects, "workers">, memory?: Memory) {
    this.#workers = workers;
    this.#memory = memory;
  }

  /** In the order given. Absolute paths. */
  async readAll(paths: readonly string[]): Promise<Reading[]> {
    const known = this.#memory?.knownFor(paths) ?? null;
    const table = await this.#workers.tableOf(paths, known?.stamps ?? null);
    const digests = new Uint8Array(table.digests);
    for (let index = 0; index < paths.length; index++) {
      const state = table.states[index];
      if (state === FILE_STATE.hashed) this.hashed_count += 1;
      if (state !== FILE_STATE.trusted) continue;
      this.trusted_count += 1;
      digests.set(known?.digests.subarray(index * 32, index * 32 + 32) ?? [], index * 32);
    }
    this.tables.push({ paths, table, digests });
    const hex = Buffer.from(digests.buffer);
    return paths.map((_, index): Reading => {
      const state = table.states[index];
      if (state === FILE_STATE.unreadable) return table.problems.get(index) ?? "EIO";
      if (state === FILE_STATE.no_file) return undefined;
      const mode = Number(table.stamps[index * STAMP_WIDTH + 1]) & 0o7777;
      const sha256 = hex.toString("hex", index * 32, index * 32 + 32);
      return { sha256, mode, executable: (mode & 0o100) !== 0 };
    });
  }
}
