import type { FileSystem } from "../effects/index.ts";

/** Copies one file to a new path, streamed and synced. @throws EEXIST when the target is there */
export function copyFile(fs: FileSystem, from: string, to: string): void {
  const source = fs.openRead(from);
  const target = fs.openWrite(to, { mode: 0o644, how: "exclusive" });
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let count = source.read(buffer); count > 0; count = source.read(buffer))
      target.write(buffer.subarray(0, count));
    target.sync();
  } finally {
    target.close();
    source.close();
  }
}
