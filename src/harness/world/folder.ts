/** Folders of worlds: made, marked with who uses them, removed; those whose user died are found by the next run. */
import type { Effects } from "../../effects/index.ts";
import { processStart } from "../../sandbox/index.ts";

const PREFIX = "holdfast-golden-";
const OWNER = "owner.json";

type Needs = Pick<Effects, "fs" | "host" | "random">;

const temporary = ({ env }: Effects["host"]): string => (env["TMPDIR"] ?? "/tmp").replace(/\/$/, "");

/** Absolute. Only its user may enter it. */
export function makeFolder({ fs, host, random }: Needs): string {
  const path = `${fs.realPath(temporary(host))}/${PREFIX}${random.hex(6)}`;
  fs.makeDirectory(path, 0o700);
  writeText(fs, `${path}/${OWNER}`, JSON.stringify({ pid: host.pid, started: processStart(fs, host.pid) }));
  return path;
}

export interface Swept {
  readonly looked_at: number;
  readonly removed: readonly string[];
}

/** Removes what runs that were killed left behind. A folder whose process lives is let be. */
export function sweepFolders({ fs, host, clock }: Pick<Effects, "fs" | "host" | "clock">): Swept {
  const now_ms = clock.now_ms();
  const base = temporary(host);
  const names = fs.list(base).filter(({ name, kind }) => kind === "directory" && name.startsWith(PREFIX));
  const removed: string[] = [];
  for (const { name } of names) {
    const path = `${base}/${name}`;
    if (fs.stat(path)?.uid !== host.uid || isUsed(fs, host, path) || isNew(fs, path, now_ms)) continue;
    try {
      removeTree(fs, path);
      removed.push(path);
    } catch {
      // Another run removes it at this moment, or what was killed is still ending: the next one sees.
    }
  }
  return { looked_at: names.length, removed };
}

/** One that is just being made has no owner yet. */
function isNew(fs: Effects["fs"], path: string, now_ms: number): boolean {
  const stat = fs.stat(path);
  if (stat === undefined || fs.stat(`${path}/${OWNER}`) !== undefined) return false;
  return Number(stat.mtime_ns / 1_000_000n) > now_ms - NEW_MS;
}

const NEW_MS = 60_000;

/** A number of a process is used again; when it started is not. Without /proc nobody can tell, so it is let be. */
function isUsed(fs: Effects["fs"], host: Effects["host"], path: string): boolean {
  if (host.platform !== "linux") return true;
  try {
    const { pid, started } = JSON.parse(fs.readText(`${path}/${OWNER}`)) as { pid: number; started: string };
    return started !== "" && processStart(fs, pid) === started;
  } catch {
    return false;
  }
}

export function writeText(fs: Effects["fs"], path: string, text: string | Uint8Array, mode = 0o644): void {
  const handle = fs.openWrite(path, { mode, how: "replace" });
  try {
    handle.write(typeof text === "string" ? Buffer.from(text) : text);
  } finally {
    handle.close();
  }
}

/** A folder that denies its own removal is opened first: what a plugin left must not outlive the harness. */
export function removeTree(fs: Effects["fs"], path: string): void {
  fs.setMode(path, 0o700);
  for (const { name, kind } of fs.list(path)) {
    if (kind === "directory") removeTree(fs, `${path}/${name}`);
    else fs.remove(`${path}/${name}`);
  }
  fs.removeDirectory(path);
}

/** Regular files and folders; nothing is said of links. */
export function copyTree(fs: Effects["fs"], from: string, to: string): number {
  let files = 0;
  makeFolders(fs, to);
  for (const { name, kind } of fs.list(from)) {
    if (name === "__pycache__" || name === ".git" || name === "node_modules") continue;
    if (kind === "directory") files += copyTree(fs, `${from}/${name}`, `${to}/${name}`);
    else if (kind === "file") {
      const executable = fs.stat(`${from}/${name}`)?.executable === true;
      writeText(fs, `${to}/${name}`, fs.read(`${from}/${name}`), executable ? 0o755 : 0o644);
      files += 1;
    }
  }
  return files;
}

export function makeFolders(fs: Effects["fs"], path: string): void {
  if (path === "" || fs.stat(path)?.kind === "directory") return;
  makeFolders(fs, path.slice(0, path.lastIndexOf("/")));
  fs.makeDirectory(path);
}
