/** Where a session of the lowest plane tier lies, as `modules.agent_runtime` has it. Plane-relative. */
import type { FileSystem } from "../../effects/index.ts";

/** Stands for the id of the session in declared outputs and capabilities. */
export const SESSION_MARK = "<session_id>";

export const sessionFolder = (session_id: string): string => `planes/ho1/sessions/${session_id}`;
export const execStream = (session_id: string): string => `${sessionFolder(session_id)}/ledger/exec.jsonl`;
export const evidenceStream = (session_id: string): string =>
  `${sessionFolder(session_id)}/ledger/evidence.jsonl`;

/** Name by name: a link on the way would lead out of the session. */
export function makeFolders(
  fs: Pick<FileSystem, "stat" | "makeDirectory">,
  root: string,
  folder: string,
  refuseLink: (path: string) => Error,
): void {
  let path = "";
  for (const name of folder.split("/")) {
    path = path === "" ? name : `${path}/${name}`;
    if (fs.stat(`${root}/${path}`) === undefined) makeFolder(fs, `${root}/${path}`);
    if (fs.stat(`${root}/${path}`)?.kind !== "directory") throw refuseLink(path);
  }
}

function makeFolder(fs: Pick<FileSystem, "makeDirectory">, path: string): void {
  try {
    fs.makeDirectory(path);
  } catch (error) {
    // Another process made it at the same moment.
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}
