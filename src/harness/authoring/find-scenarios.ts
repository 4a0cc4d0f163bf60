/** Which files words of a user name: scenarios, or folders of them. */
import type { Effects } from "../../effects/index.ts";
import { isScenarioName } from "../plan-run.ts";
import { absoluteIn } from "../world/materials.ts";

export interface NamedFile {
  readonly absolute: string;
  readonly shown: string;
}

/** @returns a file for each word that is no folder, whether it is there or not */
export function findScenarios(
  { fs }: Pick<Effects, "fs">,
  words: readonly string[],
  cwd: string,
): readonly NamedFile[] {
  return words.flatMap((word) => {
    const absolute = absoluteIn(cwd, word);
    if (fs.stat(absolute)?.kind !== "directory") return [{ absolute, shown: word }];
    return fs
      .list(absolute)
      .filter(({ name, kind }) => kind === "file" && isScenarioName(name))
      .map(({ name }) => ({ absolute: `${absolute}/${name}`, shown: `${word.replace(/\/$/, "")}/${name}` }));
  });
}
