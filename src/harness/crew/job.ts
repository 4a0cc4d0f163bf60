/** What the workers of a run share: a folder with the work, from which each takes one piece after the other. */
import type { Effects } from "../../effects/index.ts";
import { makeFolder, writeText } from "../world/folder.ts";

type Needs = Pick<Effects, "fs" | "host" | "random">;

const JOB = "job.json";
const CLAIMS = "claims";

/** Absolute folder. What workers read, as JSON; only this user can enter. */
export function makeJob(effects: Needs, work: unknown): string {
  const folder = makeFolder(effects);
  effects.fs.makeDirectory(`${folder}/${CLAIMS}`);
  writeText(effects.fs, `${folder}/${JOB}`, JSON.stringify(work), 0o600);
  return folder;
}

export const readJob = ({ fs }: Pick<Effects, "fs">, folder: string): unknown =>
  JSON.parse(fs.readText(`${folder}/${JOB}`));

/** The next piece nobody has taken, from 0; undefined when all are taken. A file can be made once, so each goes to one worker. */
export function claimNext({ fs }: Pick<Effects, "fs">, folder: string, count: number): number | undefined {
  for (let at = fs.list(`${folder}/${CLAIMS}`).length; at < count; at++) {
    try {
      fs.openWrite(`${folder}/${CLAIMS}/${at}`, { mode: 0o600, how: "exclusive" }).close();
      return at;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return undefined;
}

/** Whether pieces are left that nobody has taken. */
export const isWorkLeft = ({ fs }: Pick<Effects, "fs">, folder: string, count: number): boolean =>
  fs.list(`${folder}/${CLAIMS}`).length < count;
