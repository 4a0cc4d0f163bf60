/** A fresh folder only this user can enter, and its removal with whatever a hostile program left in it. */
import type { Effects, FileSystem, HeldLock } from "../effects/index.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";
import { make } from "./faults.ts";

type Needs = Pick<Effects, "fs" | "subprocess" | "host" | "random" | "locks">;

const REMOVE_TIMEOUT_MS = 30_000;
const LOCK_WAIT_MS = 5000;
export const PRIVATE_TEMP_NAME = /^holdfast-[0-9a-f]{24}$/;
/** Beside the folder handed out, never in it: held as long as its owner lives, so that nobody else takes it for litter. */
export const OWNER_LOCK = "owner.lock";

export interface PrivateTemp {
  /** Absolute, links resolved; empty at first. */
  readonly path: string;
  /** Never throws: what cannot be removed is nobody's but this user's, and goes with the next sweep. */
  readonly remove: () => Promise<void>;
}

/** SQLite opens no path of more than 504 bytes, and the lock of a private folder lies in it. */
const TEMP_BYTES_MAX = 400;

/** Where private folders are made: TMPDIR, else /tmp; links resolved. */
export function tempFolder({ fs, host }: Pick<Effects, "fs" | "host">): string {
  const named = host.env["TMPDIR"];
  const real = fs.realPath(named?.startsWith("/") ? named : "/tmp");
  return Buffer.byteLength(real) <= TEMP_BYTES_MAX ? real : fs.realPath("/tmp");
}

/** @throws TEMP_UNUSABLE */
export async function makePrivateTemp(effects: Needs): Promise<PrivateTemp> {
  try {
    return await makeFolder(effects);
  } catch (error) {
    const path = effects.host.env["TMPDIR"] ?? "/tmp";
    const problem = error instanceof Error ? error.message : String(error);
    throw make("TEMP_UNUSABLE", `no folder can be made in ${path}: ${problem}`, { path, problem }, error);
  }
}

async function makeFolder(effects: Needs): Promise<PrivateTemp> {
  const { fs, random } = effects;
  for (;;) {
    const folder = `${tempFolder(effects)}/holdfast-${random.hex(12)}`;
    fs.makeDirectory(folder, 0o700);
    const owner = await lockFolder(effects, folder);
    // A sweep in another process may have taken the new folder for one whose owner died.
    if (owner === undefined) continue;
    const path = `${folder}/temp`;
    fs.makeDirectory(path, 0o700);
    return { path, remove: () => removeOwned(effects, folder, owner) };
  }
}

async function lockFolder({ fs, locks }: Needs, folder: string): Promise<HeldLock | undefined> {
  const path = `${folder}/${OWNER_LOCK}`;
  let owner: HeldLock | undefined;
  try {
    owner = await locks.acquire(path, { wait_ms: LOCK_WAIT_MS });
  } catch (error) {
    if (fs.stat(folder) === undefined) return undefined;
    tryQuietly(() => fs.remove(path));
    tryQuietly(() => fs.removeDirectory(folder));
    throw error;
  }
  if (owner !== undefined && fs.stat(path) !== undefined) return owner;
  owner?.release();
  return undefined;
}

/** Of a folder where only files of ours lie: no program has to be started to remove them. Never throws, as the removal after it. */
export function clearFolder(fs: Pick<FileSystem, "list" | "remove">, folder: string): void {
  tryQuietly(() => {
    for (const { name } of fs.list(folder)) fs.remove(`${folder}/${name}`);
  });
}

/** Its owner, or a sweep that holds the owner's lock. Never throws. */
export async function removeOwned(
  effects: Pick<Effects, "fs" | "subprocess">,
  folder: string,
  owner: HeldLock | undefined,
): Promise<void> {
  const { fs } = effects;
  try {
    await removeContent(effects, `${folder}/temp`);
    // Last, and while it is held: whoever opens it afterwards sees that it has no name any more.
    if (fs.stat(`${folder}/${OWNER_LOCK}`) !== undefined) fs.remove(`${folder}/${OWNER_LOCK}`);
    fs.removeDirectory(folder);
  } catch {
    await removeByTools(effects, folder);
  } finally {
    owner?.release();
  }
}

async function removeContent(effects: Pick<Effects, "fs" | "subprocess">, path: string): Promise<void> {
  if (effects.fs.stat(path) === undefined) return;
  try {
    effects.fs.removeDirectory(path);
  } catch {
    await removeByTools(effects, path);
  }
}

/** The system's own tools remove any depth and do not follow links; folders may have been made unreadable. */
async function removeByTools({ subprocess }: Pick<Effects, "subprocess">, path: string): Promise<void> {
  const limits = { timeout_ms: REMOVE_TIMEOUT_MS, stdout_bytes_max: 1 << 20 };
  for (const argv of [
    ["/bin/chmod", "-R", "u+rwX", "--", path],
    ["/bin/rm", "-rf", "--one-file-system", "--", path],
  ])
    await subprocess.run({ argv, cwd: "/", env: TOOL_ENVIRONMENT, limits }).catch(() => undefined);
}

function tryQuietly(act: () => void): void {
  try {
    act();
  } catch {
    // What led here says more, or what comes after it does the same.
  }
}

export const isPrivateTemp = ({ stat }: Pick<FileSystem, "stat">, path: string, uid: number): boolean => {
  const found = stat(path);
  return found?.kind === "directory" && found.uid === uid && found.mode === 0o700;
};
