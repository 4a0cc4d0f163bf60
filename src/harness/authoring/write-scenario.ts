/** `golden new`: a scenario where there was none. */
import type { Effects } from "../../effects/index.ts";
import { raise } from "../faults.ts";
import type { Subject } from "../subjects.ts";
import { absoluteIn } from "../world/materials.ts";
import { newScenario } from "./new-scenario.ts";

export interface WrittenScenario {
  /** As the user named it. */
  readonly path: string;
  readonly name: string;
  readonly package_id: string | null;
  readonly canonical: boolean;
  /** What an author must add before it passes. */
  readonly missing: readonly string[];
}

export interface NewRequest {
  /** As the user named it, and absolute with the links of its folder resolved. */
  readonly path: string;
  readonly absolute: string;
  readonly subject?: Subject | undefined;
  readonly canonical: boolean;
}

/** @throws SCENARIO_NEW_NAME, SCENARIO_NEW_PACKAGE, SCENARIO_NEW_TAKEN: nothing is overwritten */
export function writeScenario(
  { fs }: Pick<Effects, "fs">,
  { path, absolute, subject, canonical }: NewRequest,
): WrittenScenario {
  const slash = absolute.lastIndexOf("/");
  const name = absolute
    .slice(slash + 1)
    .replace(/\.toml$/, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  if (!/[^/.][^/]*\.toml$/.test(path) || path.endsWith(".matrix.toml") || name === "" || name.length > 64)
    return raise("SCENARIO_NEW_NAME", `${path} is no name of a scenario, which ends in .toml`, { path });
  if (canonical && subject === undefined)
    return raise("SCENARIO_NEW_PACKAGE", "a canonical scenario is that of a package", { path });
  const { text, missing } = newScenario({
    name,
    canonical,
    ...(subject === undefined
      ? {}
      : {
          package: {
            source: relativePath(absolute.slice(0, slash), fs.realPath(absoluteIn("/", subject.folder))),
            metadata: subject.metadata,
          },
        }),
  });
  write(fs, absolute, path, text);
  return { path, name, package_id: subject?.package_id ?? null, canonical, missing };
}

function write(fs: Effects["fs"], absolute: string, path: string, text: string): void {
  try {
    const file = fs.openWrite(absolute, { mode: 0o644, how: "exclusive" });
    try {
      file.write(Buffer.from(text));
    } finally {
      file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    raise("SCENARIO_NEW_TAKEN", `${path} is there already, and nothing is overwritten`, { path }, error);
  }
}

/** Both absolute and without links. */
function relativePath(from: string, to: string): string {
  const here = from.split("/").filter((part) => part !== "");
  const there = to.split("/").filter((part) => part !== "");
  let same = 0;
  while (same < here.length && same < there.length && here[same] === there[same]) same += 1;
  const parts = [...here.slice(same).map(() => ".."), ...there.slice(same)];
  return parts.length === 0 ? "." : parts.join("/");
}
