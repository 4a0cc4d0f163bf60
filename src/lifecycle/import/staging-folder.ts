/**
 * Where a plane is put together before it takes its place: a hidden folder beside the target, of its owner alone.
 *
 *     .<name>.import-<12 hex>/plane/       what becomes the plane, by rename
 *                             owner.lock   held by its owner until that died
 *                             plane_uid    whose keys go with it, while it is no plane
 */
import type { Effects, HeldLock } from "../../effects/index.ts";
import { keysDirectory } from "../../keys/index.ts";
import { discard, parentOf } from "./settle-plane.ts";

export interface StagingFolder {
  /** Absolute. */
  readonly plane: string;
  /** Remembers whose keys to remove should this process die. */
  readonly noteKeys: (plane_uid: string) => void;
  /** From here on the keys belong to a plane. */
  readonly forgetKeys: () => void;
  /** Removes the folder and all that is still in it. */
  readonly close: () => void;
}

type Needs = Pick<Effects, "fs" | "host" | "random" | "locks" | "clock">;

const NAME = /^\..+\.import-[0-9a-f]{12}$/s;
const OWNER_LOCK = "owner.lock";
const UID_NOTE = "plane_uid";
/** From making its folder to locking it no owner takes longer. */
const LOCKING_MS = 60_000;

/** @param parent absolute, links resolved */
export async function openStaging(effects: Needs, parent: string, target: string): Promise<StagingFolder> {
  const { fs, locks, random } = effects;
  const name = target.slice(target.lastIndexOf("/") + 1);
  for (;;) {
    const folder = `${parent === "/" ? "" : parent}/.${name}.import-${random.hex(6)}`;
    fs.makeDirectory(folder, 0o700);
    const lock = `${folder}/${OWNER_LOCK}`;
    const owner = await locks.acquire(lock, { wait_ms: 5000 }).catch((error: unknown) => {
      if (fs.stat(folder) !== undefined) throw error;
    });
    // Another import may have taken the new folder for one whose owner died.
    if (owner && fs.stat(lock) !== undefined) {
      fs.makeDirectory(`${folder}/plane`);
      return folderOf(effects, folder, owner);
    }
    if (owner) owner.release();
  }
}

function folderOf(effects: Needs, folder: string, owner: HeldLock): StagingFolder {
  const { fs } = effects;
  const note = `${folder}/${UID_NOTE}`;
  return {
    plane: `${folder}/plane`,
    noteKeys(plane_uid) {
      const handle = fs.openWrite(note, { mode: 0o600, how: "exclusive" });
      try {
        handle.write(Buffer.from(plane_uid));
        handle.sync();
      } finally {
        handle.close();
      }
      fs.syncDirectory(folder);
    },
    forgetKeys() {
      fs.remove(note);
      fs.syncDirectory(folder);
    },
    close() {
      discard(effects, folder);
      owner.release();
    },
  };
}

/** Folders beside a target that killed imports of this user left, and the keys of what was no plane yet. Never throws. */
export async function sweepStagings(effects: Needs, parent: string): Promise<void> {
  const { fs, host } = effects;
  if (host.uid < 0) return;
  try {
    for (const { name } of fs.list(parent).filter((one) => NAME.test(one.name))) {
      const folder = `${parent === "/" ? "" : parent}/${name}`;
      const found = fs.stat(folder);
      const is_ours = found?.kind === "directory" && found.uid === host.uid && found.mode === 0o700;
      if (is_ours) await sweepOne(effects, folder, Number(found.mtime_ns / 1_000_000n));
    }
  } catch {
    // What cannot be looked at stays as it is.
  }
}

async function sweepOne(effects: Needs, folder: string, made_ms: number): Promise<void> {
  const { fs, locks, clock } = effects;
  const lock = `${folder}/${OWNER_LOCK}`;
  if (fs.stat(lock) === undefined) {
    if (clock.now_ms() - made_ms > LOCKING_MS) discard(effects, folder);
    return;
  }
  const owner = await locks.acquire(lock, { wait_ms: 0 });
  if (owner === undefined) return;
  if (fs.stat(lock) !== undefined) {
    const keys = orphanedKeys(effects, folder);
    if (keys !== undefined) discard(effects, keys);
    discard(effects, folder);
  }
  owner.release();
}

function orphanedKeys({ fs, host }: Needs, folder: string): string | undefined {
  const note = `${folder}/${UID_NOTE}`;
  const plane_uid = fs.stat(note)?.kind === "file" ? fs.readText(note) : "";
  return /^[0-9a-f]{32}$/.test(plane_uid) ? keysDirectory(host, plane_uid) : undefined;
}

/** The folder a target lies in, made where it is missing. @returns links resolved */
export function parentFolder({ fs }: Pick<Effects, "fs">, target: string): string {
  const make = (path: string): void => {
    if (fs.stat(path) !== undefined) return;
    make(parentOf(path));
    fs.makeDirectory(path);
  };
  make(parentOf(target));
  return fs.realPath(parentOf(target));
}
