/** A folder for what is prepared before the plane is locked. */
import type { Effects, HeldLock } from "../effects/index.ts";
import { ensureDirectory, OWNER_LOCK, preparingDirectory } from "./places.ts";
import { newId } from "./transaction-id.ts";

/** Only its owner's lock protects it: whoever gets that lock may sweep it away. */
export async function makeOwnFolder(
  effects: Pick<Effects, "fs" | "locks" | "clock" | "random">,
  root: string,
): Promise<{ readonly id: string; readonly owner: HeldLock }> {
  const { fs, locks } = effects;
  const parent = preparingDirectory(root);
  ensureDirectory(fs, parent);
  for (;;) {
    const id = newId(effects);
    const lock = `${parent}/${id}/${OWNER_LOCK}`;
    fs.makeDirectory(`${parent}/${id}`, 0o700);
    const owner = await locks.acquire(lock, { wait_ms: 5000 }).catch((error: unknown) => {
      if (fs.stat(`${parent}/${id}`) !== undefined) throw error;
    });
    // Recovery in another process may have taken the new folder for one whose owner died.
    if (owner && fs.stat(lock) !== undefined) return { id, owner };
    if (owner) owner.release();
  }
}
