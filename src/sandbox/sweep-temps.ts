/** Private folders, and control groups, whose owners died before they could remove them. */
import type { Effects, HeldLock } from "../effects/index.ts";
import { isPrivateTemp, OWNER_LOCK, PRIVATE_TEMP_NAME, removeOwned, tempFolder } from "./private-temp.ts";
import { sweepControlGroups } from "./wall/control-group.ts";

type Needs = Pick<Effects, "fs" | "subprocess" | "host" | "locks" | "clock">;

/** From making its folder to locking it no owner takes longer. */
const LOCKING_MS = 60_000;

export interface SweptTemps {
  /** Absolute paths that went, or would. */
  readonly removed: readonly string[];
  /** Folders whose owners live. */
  readonly in_use: number;
}

/**
 * Only folders of this user, of our name and mode, whose lock nobody holds: the kernel frees it when its holder dies, and
 * it holds across containers that share a temporary folder, where a process number would mean somebody else. Never throws.
 */
export async function sweepPrivateTemps(
  effects: Needs,
  { dry_run }: { readonly dry_run: boolean },
): Promise<SweptTemps> {
  if (!dry_run) sweepControlGroups(effects);
  const removed: string[] = [];
  let in_use = 0;
  for (const folder of candidates(effects)) {
    const state = await tryOne(effects, folder, dry_run);
    if (state === "in use") in_use++;
    else if (state === "removed") removed.push(folder);
  }
  return { removed, in_use };
}

function candidates({ fs, host }: Needs): string[] {
  if (host.uid < 0) return [];
  try {
    const parent = tempFolder({ fs, host });
    return fs
      .list(parent)
      .filter(({ name }) => PRIVATE_TEMP_NAME.test(name))
      .map(({ name }) => `${parent}/${name}`)
      .filter((path) => isPrivateTemp(fs, path, host.uid));
  } catch {
    return [];
  }
}

async function tryOne(
  effects: Needs,
  folder: string,
  dry_run: boolean,
): Promise<"in use" | "removed" | "gone"> {
  const { fs, clock, locks } = effects;
  try {
    const lock = `${folder}/${OWNER_LOCK}`;
    const has_lock = fs.stat(lock)?.kind === "file";
    let owner: HeldLock | undefined;
    if (has_lock) {
      owner = await locks.acquire(lock, { wait_ms: 0 });
      if (owner === undefined) return "in use";
      if (fs.stat(lock) === undefined) {
        owner.release();
        return "gone";
      }
    } else if (clock.now_ms() - Number((fs.stat(folder)?.mtime_ns ?? 0n) / 1_000_000n) < LOCKING_MS) {
      // Its owner may be about to lock it.
      return "in use";
    }
    if (dry_run) owner?.release();
    else await removeOwned(effects, folder, owner);
    return dry_run || fs.stat(folder) === undefined ? "removed" : "in use";
  } catch {
    // Its owner took it away in the meantime.
    return "gone";
  }
}
