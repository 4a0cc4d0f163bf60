/** What verifying the long ledgers of a plane leaves for the next time, as a file. Derived; deleting it costs time alone. */
import type { Effects } from "../effects/index.ts";
import type { StreamMemo } from "../ledger/index.ts";
import { openParts, sealParts } from "./sealed-parts.ts";
import { CACHE_DIRECTORY, writeQuietly } from "./stat-cache.ts";

const FILE = `${CACHE_DIRECTORY}/ledger.bin`;
const BYTES_MAX = 2 ** 31 - 1;
const FORM = { magic: "holdfast ledg 1\n", purpose: "holdfast ledger memo" };

/** With numbers of parts in place of bytes. */
interface Stored extends Omit<StreamMemo, "ids" | "tree"> {
  readonly ids: { readonly tables: readonly number[]; readonly filled: number };
  readonly tree: {
    readonly size: number;
    readonly edge: readonly { readonly level: number; readonly bytes: number }[];
    readonly roots: readonly (readonly [number, number])[];
  } | null;
}

export function keepLedgerMemos(
  effects: Pick<Effects, "fs" | "random">,
  root: string,
  key: string,
  memos: readonly StreamMemo[],
): void {
  const parts: ArrayBufferView[] = [];
  const put = (bytes: ArrayBufferView): number => parts.push(bytes);
  const stored = memos.map(
    ({ ids, tree, ...rest }): Stored => ({
      ...rest,
      ids: { tables: ids.tables.map(put), filled: ids.filled },
      tree:
        tree === undefined
          ? null
          : {
              size: tree.size,
              edge: tree.edge.map(({ level, bytes }) => ({ level, bytes: put(bytes) })),
              roots: tree.roots.map(([size, hash]) => [size, put(hash)]),
            },
    }),
  );
  const json = Buffer.from(JSON.stringify(stored));
  writeQuietly(effects, `${root}/${FILE}`, sealParts(effects.random, key, FORM, [json, ...parts]));
}

/** Empty where there is nothing of ours. */
export function readLedgerMemos({ fs }: Pick<Effects, "fs">, root: string, key: string): StreamMemo[] {
  try {
    if ((fs.stat(`${root}/${FILE}`)?.size_bytes ?? BYTES_MAX + 1) > BYTES_MAX) return [];
    const parts = openParts(fs.read(`${root}/${FILE}`), key, FORM);
    const [json] = parts ?? [];
    if (parts === undefined || json === undefined) return [];
    const partAt = (number: number): Buffer => parts[number] as Buffer;
    return (JSON.parse(json.toString("utf8")) as Stored[]).map(({ ids, tree, ...rest }) => ({
      ...rest,
      ids: { tables: ids.tables.map((number) => wordsOf(partAt(number))), filled: ids.filled },
      tree:
        tree === null
          ? undefined
          : {
              size: tree.size,
              edge: tree.edge.map(({ level, bytes }) => ({ level, bytes: partAt(bytes) })),
              roots: tree.roots.map(([size, number]) => [size, partAt(number)] as const),
            },
    }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return [];
  }
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Buffer): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
