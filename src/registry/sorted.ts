import type { RegistryName } from "../contracts/index.ts";
import { type ReadFs, scanRows } from "./scan.ts";

/** UTF-8 bytes compare like code points, which is the order of keys in a sorted registry. */
export const keyBytes = (key: string): Buffer => Buffer.from(key);

/** Whether no key is lower than the one before it. Reads keys until that is known. @throws as scanRows */
export function isSortedByKey(fs: ReadFs, path: string, name: RegistryName): boolean {
  let previous: Buffer | undefined;
  for (const row of scanRows(fs, path, name)) {
    const bytes = keyBytes(row.key);
    if (previous !== undefined && Buffer.compare(previous, bytes) > 0) return false;
    previous = bytes;
  }
  return true;
}
