/** What a folder can do to the machine it lies on, file by file: links, modes, native code, code that runs unasked. */
import type { FileStat, FileSystem } from "../../effects/index.ts";
import { type AdoptFindings, shown } from "./adopt-findings.ts";
import type { Walked } from "./inventory-types.ts";
import { readSeen } from "./read-text.ts";

type Fs = Pick<FileSystem, "openRead" | "realPath">;
const NATIVE = /\.(so(\.\d+)*|pyd|dll|dylib|node|exe|wasm)$/i;
/** First bytes of ELF, Mach-O (both ends, fat) and PE programs. */
const MAGIC = /^(7f454c46|feedface|feedfacf|cefaedfe|cffaedfe|cafebabe|4d5a)/;
const PTH_BYTES_MAX = 1 << 20;
const AT_START = /^(sitecustomize|usercustomize)(\.py$|\.cpython|\.abi3|\/__init__\.py$|\.so$)/;
const STICKY = 0o1000;

export function judgeFiles(fs: Fs, walked: Walked, is_python: boolean, findings: AdoptFindings): void {
  for (const [path, stat] of walked.files) judgeFile(fs, walked, path, stat, findings);
  if (is_python) judgeStart(fs, walked, findings);
  for (const [path, { mode }] of walked.folders) if ((mode & STICKY) === 0) judgeMode(path, mode, findings);
  for (const path of walked.links.keys()) judgeLink(fs, walked.folder, path, findings);
  for (const path of walked.special.keys())
    findings.add("SPECIAL_FILE", `${shown(path)} is a pipe, socket or device`, { path });
}

function judgeFile(fs: Fs, walked: Walked, path: string, stat: FileStat, findings: AdoptFindings): void {
  judgeMode(path, stat.mode, findings);
  if (stat.links > 1)
    findings.add("HARD_LINK", `${shown(path)} has ${stat.links} names`, { path, actual: String(stat.links) });
  if (NATIVE.test(path) || (stat.executable && MAGIC.test(firstBytes(fs, walked, path))))
    findings.add("NATIVE_CODE", `${shown(path)} is native code`, { path });
  else if (stat.executable) findings.add("EXECUTABLE", `${shown(path)} is executable`, { path });
}

/** What Python runs at every start: `.pth` files at the top, and two modules by their names. */
function judgeStart(fs: Fs, walked: Walked, findings: AdoptFindings): void {
  for (const path of walked.files.keys()) {
    if (AT_START.test(path))
      findings.add("RUNS_AT_START", `${shown(path)} runs whenever Python starts`, { path });
    if (!path.includes("/") && path.endsWith(".pth")) judgePth(fs, walked, path, findings);
  }
}

function judgeMode(path: string, mode: number, findings: AdoptFindings): void {
  const actual = mode.toString(8).padStart(4, "0");
  if ((mode & 0o002) !== 0)
    findings.add("WORLD_WRITABLE", `anybody on this machine may change ${shown(path)}`, { path, actual });
  if ((mode & 0o6000) !== 0)
    findings.add("SETUID", `${shown(path)} runs with the rights of its owner or group`, { path, actual });
}

function firstBytes(fs: Fs, { folder }: Walked, path: string): string {
  try {
    const handle = fs.openRead(`${folder}/${path}`);
    try {
      const bytes = Buffer.alloc(4);
      return handle.stat().kind === "file" ? bytes.subarray(0, handle.read(bytes, 0)).toString("hex") : "";
    } finally {
      handle.close();
    }
  } catch {
    return "";
  }
}

/** Where a link leads is asked of the system and not gone to. */
function judgeLink(fs: Fs, folder: string, path: string, findings: AdoptFindings): void {
  let target: string | undefined;
  try {
    target = fs.realPath(`${folder}/${path}`);
  } catch {
    // It leads nowhere, in circles, or where this user may not look.
  }
  if (target !== undefined && (target === folder || target.startsWith(`${folder}/`)))
    return findings.add("SYMLINK", `${shown(path)} is a link within the folder`, { path });
  const where = target === undefined ? "nowhere" : "out of the folder";
  return findings.add("SYMLINK_OUTSIDE", `${shown(path)} is a link that leads ${where}`, { path });
}

/** `site` executes lines that begin with `import` and adds every other line to the search path. */
function judgePth(fs: Fs, walked: Walked, path: string, findings: AdoptFindings): void {
  const bytes = readSeen(fs, walked, path, PTH_BYTES_MAX);
  if (bytes === undefined)
    return findings.add("PTH_RUNS_CODE", `${shown(path)} is too large to be a list of folders`, { path });
  for (const [index, line] of bytes
    .toString("utf8")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const text = line.replace(/^\ufeff/, "");
    if (text.trim() === "" || text.startsWith("#")) continue;
    if (/^import[ \t]/.test(text))
      findings.add("PTH_RUNS_CODE", `${shown(path)} line ${index + 1} runs whenever Python starts`, {
        path,
        line: index + 1,
        actual: shown(text),
      });
    else
      findings.add("PTH_ADDS_PATH", `${shown(path)} adds ${shown(text.trim())} to the search path`, {
        path,
        line: index + 1,
      });
  }
}
