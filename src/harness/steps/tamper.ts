/** Changes a governed file behind the plane's back, so that what should find it can be seen to find it. */
import type { ScenarioStep } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { writeText } from "../world/folder.ts";
import type { World } from "../world/world.ts";
import type { Performed } from "./performed.ts";

type TamperStep = Extract<ScenarioStep, { do: "tamper" }>;

export function tamper({ fs }: Pick<Effects, "fs">, { place }: World, step: TamperStep): Performed {
  const path = `${place.root}/${step.path}`;
  const stat = fs.stat(path);
  const was = stat?.kind === "file" ? fs.read(path) : undefined;
  const mode = stat?.mode ?? 0o644;
  const is_missing = step.how === "add" ? stat !== undefined : was === undefined;
  if (is_missing) return { answer: refused(step), others: [] };
  change(fs, path, step.how, was, mode);
  const answer = { exit_code: 0, document: { path: step.path, how: step.how }, fault: null, reached: [] };
  const undo = (): void => {
    if (fs.stat(path) !== undefined) fs.remove(path);
    if (was !== undefined) writeText(fs, path, was, mode);
  };
  return step.undo ? { answer, others: [], undo } : { answer, others: [] };
}

function refused({ path, how }: TamperStep): Performed["answer"] {
  const message = how === "add" ? `something is at ${path} already` : `there is no file at ${path} to change`;
  const next_step = "Name a file of the plane as it is at this step.";
  const fault = { code: "SCENARIO_INVALID", message, next_step, details: { path } };
  return { exit_code: 2, document: null, fault, reached: [] };
}

function change(
  fs: Effects["fs"],
  path: string,
  how: TamperStep["how"],
  was: Buffer | undefined,
  mode: number,
): void {
  const bytes = was ?? Buffer.alloc(0);
  switch (how) {
    case "flip": {
      const flipped = Buffer.from(bytes.length === 0 ? [0] : bytes);
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
      return writeText(fs, path, flipped, mode);
    }
    case "truncate":
      return writeText(fs, path, bytes.subarray(0, bytes.length >> 1), mode);
    case "append":
    case "add":
      return writeText(fs, path, Buffer.concat([bytes, Buffer.from("\n")]), mode);
    case "delete":
      return fs.remove(path);
    case "symlink":
      fs.remove(path);
      return fs.makeLink(path, "/dev/null");
    case "executable":
      return fs.setMode(path, mode ^ 0o111);
  }
}
