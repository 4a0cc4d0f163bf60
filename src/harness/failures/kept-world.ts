/** A world as it stood, to put back after a failure that changed it. */
import type { Effects } from "../../effects/index.ts";
import { removeTree } from "../world/folder.ts";
import type { World } from "../world/world.ts";

const PARTS = ["plane", "home"] as const;

/** @returns puts everything back as it stands now */
export function keepWorld(
  { fs }: Pick<Effects, "fs">,
  { folder }: Pick<World, "folder">,
  name: string,
): () => void {
  const kept = `${folder}/kept-${name}`;
  if (fs.stat(kept) !== undefined) removeTree(fs, kept);
  fs.makeDirectory(kept);
  for (const part of PARTS) clone(fs, `${folder}/${part}`, `${kept}/${part}`);
  return () => {
    for (const part of PARTS) {
      removeTree(fs, `${folder}/${part}`);
      clone(fs, `${kept}/${part}`, `${folder}/${part}`);
    }
  };
}

/** Everything with its mode: keys are only their owner's to read. */
function clone(fs: Effects["fs"], from: string, to: string): void {
  fs.makeDirectory(to, 0o700);
  for (const { name, kind } of fs.list(from)) {
    const [source, target] = [`${from}/${name}`, `${to}/${name}`];
    if (kind === "directory") clone(fs, source, target);
    else if (kind === "symlink") fs.makeLink(target, fs.readLink(source));
    else if (kind === "file") {
      const mode = fs.stat(source)?.mode ?? 0o600;
      const handle = fs.openWrite(target, { mode, how: "exclusive" });
      handle.write(fs.read(source));
      handle.close();
      fs.setMode(target, mode);
    }
  }
  fs.setMode(to, fs.stat(from)?.mode ?? 0o700);
}
