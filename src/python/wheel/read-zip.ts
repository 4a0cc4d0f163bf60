/**
 * Reads a wheel's zip under the strictest reading there is: one that two readers could take for different things is none.
 * The structure is read by a library of the field; sizes, names, kinds and checksums are held against each other here.
 */
import { crc32, inflateRawSync } from "node:zlib";
import { checkEntryPath } from "../../archive/index.ts";

export interface ZipLimits {
  readonly archive_bytes_max: number;
  readonly entries_max: number;
  readonly file_bytes_max: number;
  readonly unpacked_bytes_max: number;
  /** Unpacked bytes for one packed byte; judged only past `RATIO_JUDGED_FROM_BYTES`. */
  readonly ratio_max: number;
}

export const WHEEL_LIMITS: ZipLimits = {
  archive_bytes_max: 512 << 20,
  entries_max: 50_000,
  file_bytes_max: 512 << 20,
  unpacked_bytes_max: 2 * 1024 ** 3,
  ratio_max: 200,
};
const RATIO_JUDGED_FROM_BYTES = 10 << 20;

/** What is wrong with the zip, before anybody says whose wheel it is. */
export class ZipProblem extends Error {
  readonly rule: string;
  readonly member: string;

  constructor(rule: string, member: string, message: string) {
    super(message);
    this.rule = rule;
    this.member = member;
  }
}

export interface ZipFile {
  readonly path: string;
  readonly size_bytes: number;
  readonly executable: boolean;
  /** Inflated at each call, so that only one file is in memory. @throws ZipProblem */
  readonly read: () => Promise<Uint8Array>;
}

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/** Regular files in the order of the directory. @throws ZipProblem */
export async function readZip(bytes: Uint8Array, limits: ZipLimits = WHEEL_LIMITS): Promise<ZipFile[]> {
  const { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } = await import(
    "@zip.js/zip.js/lib/zip-core-custom.js"
  );
  const options = {
    strictness: "strict",
    // Names are judged below, by the one rule for paths.
    filenameValidation: "tolerant",
    checkOverlappingEntry: true,
    passThrough: true,
    useWebWorkers: false,
  } as const;
  const reader = new ZipReader(new Uint8ArrayReader(bytes), options);
  const files: ZipFile[] = [];
  let unpacked_bytes = 0;
  try {
    let entries_count = 0;
    for await (const entry of reader.getEntriesGenerator()) {
      entries_count += 1;
      if (entries_count > limits.entries_max)
        throw new ZipProblem("count", entry.filename, `holds more than ${limits.entries_max} entries`);
      const path = entry.directory ? entry.filename.replace(/\/$/, "") : entry.filename;
      judgeEntry(path, entry);
      if (entry.directory) continue;
      unpacked_bytes += judgeSizes(path, entry, unpacked_bytes, limits);
      files.push({
        path,
        size_bytes: entry.uncompressedSize,
        executable: ((entry.externalFileAttributes >>> 16) & 0o111) !== 0,
        read: async () =>
          inflate(path, entry, await raw(path, () => entry.getData(new Uint8ArrayWriter(), options))),
      });
    }
  } catch (error) {
    throw asProblem(error);
  }
  return files;
}

interface Entry {
  readonly filename: string;
  readonly directory: boolean;
  readonly encrypted: boolean;
  readonly compressionMethod: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly signature?: number;
  readonly externalFileAttributes: number;
}

function judgeEntry(path: string, entry: Entry): void {
  const refused = checkEntryPath(path);
  if (refused !== undefined) throw new ZipProblem("path", path, refused.message);
  if (entry.encrypted) throw new ZipProblem("encrypted", path, `${path} is encrypted`);
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw new ZipProblem("method", path, `${path} is packed by method ${entry.compressionMethod}`);
  const kind = (entry.externalFileAttributes >>> 16) & S_IFMT;
  if (kind !== 0 && kind !== S_IFREG && !entry.directory)
    throw new ZipProblem("kind", path, `${path} is a link or device, not a file`);
}

/** @returns the entry's size */
function judgeSizes(path: string, entry: Entry, before: number, limits: ZipLimits): number {
  const { uncompressedSize: size, compressedSize: packed } = entry;
  if (size > limits.file_bytes_max)
    throw new ZipProblem("size", path, `${path} has more than ${limits.file_bytes_max} bytes`);
  if (before + size > limits.unpacked_bytes_max)
    throw new ZipProblem(
      "size",
      path,
      `all files together have more than ${limits.unpacked_bytes_max} bytes`,
    );
  if (size > RATIO_JUDGED_FROM_BYTES && size > packed * limits.ratio_max)
    throw new ZipProblem("ratio", path, `${path} grows more than ${limits.ratio_max} times`);
  return size;
}

async function raw(path: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await read();
  } catch (error) {
    throw asProblem(error, path);
  }
}

function inflate(path: string, entry: Entry, packed: Uint8Array): Uint8Array {
  const { uncompressedSize: size, compressionMethod: method, signature } = entry;
  let bytes: Uint8Array;
  try {
    // One byte more than declared, so that a longer stream is seen and never unpacked whole.
    bytes = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: size + 1 });
  } catch {
    throw new ZipProblem("size", path, `${path} is not ${size} bytes of deflated data`);
  }
  if (bytes.length !== size)
    throw new ZipProblem("size", path, `${path} has other than its declared ${size} bytes`);
  if (crc32(bytes) !== signature) throw new ZipProblem("checksum", path, `${path} has another CRC-32`);
  return bytes;
}

function asProblem(error: unknown, member = ""): unknown {
  if (error instanceof ZipProblem || !(error instanceof Error)) return error;
  const { filename } = error as { filename?: unknown };
  return new ZipProblem("zip", typeof filename === "string" ? filename : member, error.message);
}
