/** Short ways to write and read a simulated disk. */
import type { FileSystem } from "../../src/effects/index.ts";
import type { SimDisk } from "../../src/effects/sim/index.ts";

export function put(
  fs: FileSystem,
  path: string,
  content: string,
  sync?: "sync",
  how: "replace" | "update" | "append" = "replace",
): void {
  const handle = fs.openWrite(path, { mode: 0o644, how });
  handle.write(Buffer.from(content));
  if (sync !== undefined) handle.sync();
  handle.close();
}

/** Files only. */
export const text = (disk: SimDisk): Record<string, string> =>
  Object.fromEntries(
    [...disk.tree()].flatMap(([path, { bytes }]) =>
      bytes === undefined ? [] : [[path, bytes.toString("utf8")]],
    ),
  );
