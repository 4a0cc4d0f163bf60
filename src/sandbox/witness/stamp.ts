/** What a proof speaks of: when any of it is another, the proof is no longer one. */
import { createHash } from "node:crypto";
import type { FileSystem } from "../../effects/index.ts";
import type { ConfineNeeds } from "../confined.ts";
import { LAUNCHER_SCRIPT } from "../launcher-script.ts";
import { INNER_SCRIPT } from "../wall/inner-script.ts";
import { OUTER_SCRIPT } from "../wall/outer-script.ts";
import { systemCallFilter, watchedCalls } from "../wall/system-call-filter.ts";
import type { Wall } from "../wall/wall.ts";
import { CLAIMS } from "./claims.ts";
import { NODE_PROBE } from "./node-probe.ts";
import { PYTHON_PROBE } from "./python-probe.ts";
import type { TryRequest } from "./try-wall.ts";

const FILE = "sandbox-witness.json";
const PROOFS_MAX = 64;

/** Kernel and boot, user, the tools, the interpreter, and our own programs: hexadecimal. */
export function stampOf(
  { fs, host }: Pick<ConfineNeeds, "fs" | "host">,
  wall: Wall,
  asked: TryRequest,
): string {
  const line = (path: string): string => {
    try {
      return fs.readText(path).trim();
    } catch {
      return "";
    }
  };
  const tools = wall.layer === "bubblewrap" ? [wall.bwrap, wall.perl] : [wall.python, wall.perl];
  const filter = { families: [], subprocess: false, tries_rings: false };
  const parts = [
    line("/proc/version"),
    line("/proc/sys/kernel/random/boot_id"),
    line("/etc/machine-id"),
    `${host.uid} ${host.arch}`,
    ...[...tools, asked.interpreter.executable].map((path) => fileStamp(fs, path)),
    JSON.stringify([wall, asked]),
    OUTER_SCRIPT,
    INNER_SCRIPT,
    LAUNCHER_SCRIPT,
    PYTHON_PROBE,
    NODE_PROBE,
    JSON.stringify(CLAIMS),
    ...[false, true].map((is_watched) =>
      Buffer.from(systemCallFilter(host.arch, filter, is_watched)).toString("hex"),
    ),
    watchedCalls(host.arch, filter).join("\n"),
  ];
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}

function fileStamp(fs: Pick<FileSystem, "stat" | "realPath">, path: string): string {
  try {
    const real = fs.realPath(path);
    const found = fs.stat(real);
    return `${real} ${found?.size_bytes} ${found?.mode} ${found?.mtime_ns} ${found?.ctime_ns} ${found?.inode}`;
  } catch {
    return `${path} is gone`;
  }
}

/** Whether this very thing was proven before. Never throws. */
export const isRemembered = (fs: FileSystem, folder: string, stamp: string): boolean =>
  proofs(fs, folder).includes(stamp);

/** Never throws: where nothing can be kept it is proven again the next time. */
export function remember(fs: FileSystem, folder: string, stamp: string, temp_name: string): void {
  const path = `${folder}/${FILE}`;
  const temp = `${path}.${temp_name}`;
  try {
    if (fs.stat(folder) === undefined) fs.makeDirectory(folder);
    const kept = [...proofs(fs, folder), stamp].slice(-PROOFS_MAX);
    const file = fs.openWrite(temp, { mode: 0o644, how: "exclusive" });
    file.write(Buffer.from(`${JSON.stringify({ version: 1, proofs: kept }, undefined, 2)}\n`));
    file.close();
    fs.rename(temp, path);
  } catch {
    // A plane that can only be read.
  }
}

function proofs(fs: FileSystem, folder: string): string[] {
  try {
    const kept = JSON.parse(fs.readText(`${folder}/${FILE}`)) as { proofs?: unknown };
    return Array.isArray(kept.proofs) ? kept.proofs.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
