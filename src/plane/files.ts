import type { Effects } from "../effects/index.ts";

/** Replaces one small file of the plane's state: temporary file, sync, rename, sync of the folder. */
export function replaceFile(
  { fs, random }: Pick<Effects, "fs" | "random">,
  path: string,
  bytes: Uint8Array,
): void {
  const temporary = `${path}.${random.hex(6)}.tmp`;
  const handle = fs.openWrite(temporary, { mode: 0o644, how: "exclusive" });
  try {
    handle.write(bytes);
    handle.sync();
  } finally {
    handle.close();
  }
  fs.rename(temporary, path);
  fs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
}
