/**
 * Recognises a receipt and manifest that lie there as an install writes them, without making an object of every file: the two
 * lists must be the same text but for what only an install knows. Whatever is in any way unusual is left to `soundReceipt`.
 */
import { isAscii } from "node:buffer";
import type { Manifest, PlaneTier, Receipt } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { DIGEST_BYTES, prefixed, TEXTS_AT, TextMemory } from "../kernel/index.ts";
import {
  isPlainManifest,
  isPlainReceipt,
  manifestCopyPath,
  receiptPath,
  tierPrefix,
} from "../receipts/index.ts";
import type { ReadReceipt } from "./file-columns.ts";
import { ListPieces } from "./list-pieces.ts";
import { FILES, type Place, readWrittenLists } from "./written-list.ts";

type Read = Pick<FileSystem, "openRead">;
type Parsed = Omit<ReadReceipt, "receipt_sha256">;

/** Receipts that are read at once: of each two texts are digested, four of all these at a time. */
export const AT_ONCE = 16;
/** Room for what is read; it grows with what does not fit, up to the maximum. */
const ROOM_BYTES = 1 << 20;
const ROOM_BYTES_MAX = 1 << 28;

interface Held extends Parsed {
  /** Of those asked for. */
  readonly index: number;
}

export class WrittenReceipts {
  #room_bytes = ROOM_BYTES;
  #texts: TextMemory;
  #pieces: ListPieces;
  /** Texts to digest lie one after another up to here; behind their room lies that of one manifest. */
  #end: number;
  readonly #held: Held[] = [];
  readonly #starts = new Int32Array(2 * AT_ONCE);
  readonly #ends = new Int32Array(2 * AT_ONCE);
  readonly #digests = Buffer.alloc(2 * AT_ONCE * DIGEST_BYTES);

  constructor() {
    this.#texts = new TextMemory(3 * this.#room_bytes);
    this.#pieces = new ListPieces(this.#texts, TEXTS_AT);
    this.#end = this.#pieces.end;
  }

  get #manifest_at(): number {
    return TEXTS_AT + 2 * this.#room_bytes;
  }

  /** At most `AT_ONCE`; undefined for each that is not as an install writes it. */
  read(fs: Read, root: string, ids: readonly string[], tier: PlaneTier): (ReadReceipt | undefined)[] {
    const found = ids.map((): ReadReceipt | undefined => undefined);
    for (const [index, id] of ids.entries()) {
      const paths = {
        receipt: `${root}/${receiptPath(id, tier)}`,
        manifest: `${root}/${manifestCopyPath(id, tier)}`,
      };
      while (this.#take(fs, paths, tierPrefix(tier), index) === "no room") {
        if (this.#held.length > 0) this.#release(found);
        else if (this.#room_bytes < ROOM_BYTES_MAX) this.#makeRoom(this.#room_bytes * 4);
        else break;
      }
    }
    this.#release(found);
    return found;
  }

  #makeRoom(room_bytes: number): void {
    this.#room_bytes = room_bytes;
    this.#texts = new TextMemory(3 * room_bytes);
    this.#pieces = new ListPieces(this.#texts, TEXTS_AT);
    this.#end = this.#pieces.end;
  }

  /** Reads and compares the two; what is digested afterwards is held until then. */
  #take(
    fs: Read,
    paths: { readonly receipt: string; readonly manifest: string },
    prefix: string,
    index: number,
  ): "no room" | undefined {
    const { memory } = this.#texts;
    const receipt = this.#load(fs, paths.receipt, this.#end, this.#manifest_at);
    const manifest = this.#load(fs, paths.manifest, this.#manifest_at, TEXTS_AT + 3 * this.#room_bytes);
    if (receipt === undefined || manifest === undefined) return undefined;
    if (receipt === "no room" || manifest === "no room") return "no room";
    // The list takes less as it is hashed, and so does mostly the rest.
    const put_at = receipt.end + 1;
    const room_end =
      put_at + OPEN_LIST.length + (receipt.end - receipt.start) + (manifest.end - manifest.start);
    if (room_end > this.#manifest_at) return "no room";
    const list_at = put_at + memory.write(OPEN_LIST, put_at);
    const lists = readWrittenLists(this.#texts, this.#pieces, { receipt, manifest, put_at: list_at }, prefix);
    if (lists === undefined) return undefined;
    const { start, end, assets_end, columns, put_end } = lists;
    const head = receiptOf(
      memory.toString("latin1", receipt.start, start),
      memory.toString("latin1", end, receipt.end),
    );
    const rest = manifestOf(memory.toString("latin1", assets_end, manifest.end));
    if (head === undefined || rest === undefined) return undefined;
    if (head.package_id !== rest.package_id || head.version !== rest.version) return undefined;
    const hashed_rest = hashedRest(rest);
    if (put_end + hashed_rest.length > room_end) return undefined;
    const hashed = { start: put_at, end: put_end + memory.write(hashed_rest, put_end, "latin1") };
    for (const [at, place] of [receipt, hashed].entries()) {
      this.#starts[2 * this.#held.length + at] = place.start;
      this.#ends[2 * this.#held.length + at] = place.end;
    }
    this.#held.push({ receipt: head, manifest: rest, files: columns, index });
    this.#end = hashed.end;
    return undefined;
  }

  /** Undefined where it cannot be read, which the full reading says why, and where there is more in it than ASCII. */
  #load(fs: Read, path: string, start: number, limit: number): Place | "no room" | undefined {
    const { memory } = this.#texts;
    // One byte is left for the end.
    const room = memory.subarray(start, limit - 1);
    try {
      const handle = fs.openRead(path);
      try {
        let length = 0;
        for (let count = -1; count !== 0; length += count) {
          if (length === room.length) return "no room";
          count = handle.read(room.subarray(length));
        }
        memory[start + length] = 0;
        return isAscii(room.subarray(0, length)) ? { start, end: start + length } : undefined;
      } finally {
        handle.close();
      }
    } catch {
      return undefined;
    }
  }

  /** Digests what is held; the hash of the manifest must be the one that the receipt names. */
  #release(found: (ReadReceipt | undefined)[]): void {
    this.#texts.digest(this.#starts, this.#ends, 2 * this.#held.length, this.#digests);
    const hexAt = (at: number): string =>
      this.#digests.toString("hex", at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
    for (const [at, { index, ...parsed }] of this.#held.splice(0).entries())
      if (prefixed(hexAt(2 * at + 1)) === parsed.receipt.manifest_hash)
        found[index] = { ...parsed, receipt_sha256: hexAt(2 * at) };
    this.#end = this.#pieces.end;
  }
}

function receiptOf(before: string, after: string): Omit<Receipt, "files"> | undefined {
  // The key and the bracket that begins the list stand before it.
  const is_only = isOnly("files", `${before.slice(0, -FILES.length)}${after}`);
  const head = is_only ? membersOf(`${before}"${MARK}"]${after}`) : undefined;
  return isMark(head?.["files"]) && isPlainReceipt(head) ? (head as unknown as Receipt) : undefined;
}

function manifestOf(after: string): Omit<Manifest, "assets"> | undefined {
  const head = isOnly("assets", after) ? membersOf(`{"assets":["${MARK}"]${after}`) : undefined;
  return isMark(head?.["assets"]) && isPlainManifest(head) ? (head as unknown as Manifest) : undefined;
}

/** Stands for the list while the rest is parsed: it must come out as that member and no other. */
const MARK = "the list";
const isMark = (list: unknown): boolean => Array.isArray(list) && list.length === 1 && list[0] === MARK;

/** Whether no other member can have this key, since of two the last one would count. Letters have no other escape than this. */
const isOnly = (key: string, rest: string): boolean => !rest.includes(`"${key}"`) && !rest.includes("\\u");

function membersOf(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const OPEN_LIST = `{"assets":[`;

/** What is hashed after the list of a manifest where the rest has sorted keys too; in any other case some other text. */
function hashedRest(manifest: Omit<Manifest, "assets">): string {
  const members = manifest as unknown as Record<string, unknown>;
  const rest = Object.keys(members)
    .filter((key) => key !== "metadata" && key !== "assets")
    .sort()
    .map((key) => `,"${key}":${JSON.stringify(members[key])}`);
  return `]${rest.join("")}}`;
}
