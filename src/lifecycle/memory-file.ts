/** One file that is written and read back without a disk: what a change would come to can be judged where nothing may be written. */
import type { FileStat, FileSystem, ReadHandle, WriteHandle } from "../effects/index.ts";

type Needs = Pick<FileSystem, "stat" | "openRead" | "openWrite" | "setMode" | "remove">;

/** `path` lives in memory; every other path is the real one's. `beside` is any real file: its stat stands in. */
export function memoryFile(fs: Needs, path: string, beside: string): Needs {
  let chunks: Buffer[] = [];
  return {
    stat: (asked) => fs.stat(asked === path ? beside : asked),
    openRead: (asked) => (asked === path ? readBack(fs, beside, Buffer.concat(chunks)) : fs.openRead(asked)),
    openWrite(asked, options): WriteHandle {
      if (asked !== path) return fs.openWrite(asked, options);
      chunks = [];
      const nothing = (): void => undefined;
      return {
        // The writer uses its buffer again.
        write: (bytes) => void chunks.push(Buffer.from(bytes)),
        sync: nothing,
        datasync: nothing,
        truncate: nothing,
        stat: () =>
          statBeside(
            fs,
            beside,
            chunks.reduce((sum, { length }) => sum + length, 0),
          ),
        close: nothing,
      };
    },
    setMode: (asked, mode) => (asked === path ? undefined : fs.setMode(asked, mode)),
    remove(asked) {
      if (asked === path) chunks = [];
      else fs.remove(asked);
    },
  };
}

function readBack(fs: Needs, beside: string, bytes: Buffer): ReadHandle {
  let next = 0;
  return {
    read(buffer, position = next) {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      next = position + part.length;
      return part.length;
    },
    stat: () => statBeside(fs, beside, bytes.length),
    close: () => undefined,
  };
}

function statBeside(fs: Needs, beside: string, size_bytes: number): FileStat {
  const found = fs.stat(beside);
  if (found === undefined) throw new Error(`${beside} went away`);
  return { ...found, size_bytes };
}
