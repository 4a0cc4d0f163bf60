/** Lists a folder somebody else filled. No link is followed, nothing is opened, and it ends whatever lies there. */
import { checkEntryPath } from "../../archive/index.ts";
import type { Effects, FileStat } from "../../effects/index.ts";
import { type AdoptFields, shown } from "./adopt-findings.ts";
import type { Walked } from "./inventory-types.ts";

/** Enough for the largest node_modules; an archive holds 100,000 files at most. */
const ENTRIES_MAX = 500_000;
const DEPTH_MAX = 64;
const BREATHE_EVERY = 512;

type WalkCode = "FOLDER_UNREADABLE" | "FOLDER_TOO_LARGE" | "FOLDER_TOO_DEEP" | "NAME_REFUSED" | "REPOSITORY";

/** Whoever asked for the walk tells of these in words of its own. */
export interface WalkFindings {
  add(code: WalkCode, message: string, fields?: AdoptFields): void;
}

/** @param folder absolute, links resolved */
export async function walkFolder(
  { fs, clock, signal }: Pick<Effects, "fs" | "clock" | "signal">,
  folder: string,
  findings: WalkFindings,
): Promise<Walked> {
  const files = new Map<string, FileStat>();
  const folders = new Map<string, FileStat>();
  const links = new Map<string, FileStat>();
  const special = new Map<string, FileStat>();
  const refused = new Set<string>();
  const walked = { folder, files, folders, links, special, refused };
  const waiting = [""];
  let entries = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const name of namesIn(fs, folder, at, findings)) {
      if (++entries > ENTRIES_MAX) {
        findings.add("FOLDER_TOO_LARGE", `the folder holds more than ${ENTRIES_MAX} files and folders`);
        return walked;
      }
      if (entries % BREATHE_EVERY === 0) await clock.breathe();
      signal.throwIfAborted();
      const path = at === "" ? name : `${at}/${name}`;
      const stat = fs.stat(`${folder}/${path}`);
      if (stat === undefined) {
        // Names that are not UTF-8 cannot be asked for by the name that was listed.
        findings.add("NAME_REFUSED", `${shown(path)} has a name that is not valid UTF-8, or it went away`, {
          path: path.toWellFormed(),
        });
        continue;
      }
      const problem = stat.kind === "directory" ? undefined : checkEntryPath(path);
      if (problem !== undefined) {
        refused.add(path);
        const message = problem.message.replace(JSON.stringify(path), () => shown(path));
        findings.add("NAME_REFUSED", message, { path: path.toWellFormed(), actual: problem.code });
        continue;
      }
      if (stat.kind === "file") files.set(path, stat);
      else if (stat.kind === "symlink") links.set(path, stat);
      else if (stat.kind === "other") special.set(path, stat);
      else if (name === ".git")
        findings.add("REPOSITORY", `${shown(path)} is the history of a repository`, { path });
      else {
        folders.set(path, stat);
        if (path.split("/").length < DEPTH_MAX) waiting.push(path);
        else
          findings.add(
            "FOLDER_TOO_DEEP",
            `${shown(path)} is ${DEPTH_MAX} levels deep and is not looked into`,
            {
              path,
            },
          );
      }
    }
  }
  return walked;
}

function namesIn(fs: Effects["fs"], folder: string, at: string, findings: WalkFindings): string[] {
  try {
    return fs.list(at === "" ? folder : `${folder}/${at}`).map(({ name }) => name);
  } catch (error) {
    const code = (error as { code?: string }).code ?? "unknown";
    findings.add("FOLDER_UNREADABLE", `${shown(at === "" ? "the folder" : at)} cannot be listed (${code})`, {
      path: at,
    });
    return [];
  }
}
