/** A check may run ten thousand times in one process: what it opens it closes. */
import { expect, test } from "vitest";
import type { ReadHandle } from "../../src/effects/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { aPlane } from "./planes.ts";

test("a check leaves no file open", async () => {
  const { effects, root } = await aPlane();
  const open = new Map<ReadHandle, string>();
  const openRead = (path: string): ReadHandle => {
    const handle = effects.fs.openRead(path);
    open.set(handle, path.slice(root.length));
    const close = (): void => {
      open.delete(handle);
      handle.close();
    };
    return { ...handle, close };
  };
  const watched = { ...effects, fs: { ...effects.fs, openRead } };
  const report = await checkIntegrity(watched, openPlane(effects, root), { orphans: false });
  expect(report.healthy).toBe(true);
  expect([...open.values()]).toEqual([]);
});
