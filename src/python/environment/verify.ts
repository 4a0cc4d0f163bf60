/** Whether an environment is, byte for byte, what was built. */
import { EnvironmentRecord } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { prettyJson } from "../../kernel/index.ts";
import { RECORD_NAME } from "./build.ts";
import { contentDigest } from "./content.ts";
import { walkEnvironment } from "./walk.ts";

export interface EnvironmentProblem {
  /** Relative to the environment's folder. */
  readonly path: string;
  readonly problem: "missing" | "drift" | "unowned";
  readonly why: string;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

/** Undefined when there is none or it is not one of ours. */
export function readEnvironmentRecord(fs: Effects["fs"], directory: string): EnvironmentRecord | undefined {
  try {
    const text = fs.readText(`${directory}/${RECORD_NAME}`);
    const parsed = EnvironmentRecord.safeParse(JSON.parse(text));
    return parsed.success && prettyJson(parsed.data) === text ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Digests of absolute paths, in their order; undefined where no regular file is, or it cannot be read. */
export type DigestFiles = (
  paths: readonly string[],
) => Promise<readonly ({ readonly sha256: string; readonly executable: boolean } | undefined)[]>;

export interface Verifier {
  readonly fs: Effects["fs"];
  readonly digestFiles: DigestFiles;
}

/** @param content_digest what a receipt says of the wheels' files, where one does; the record lies beside what it records */
export async function verifyEnvironment(
  { fs, digestFiles }: Verifier,
  directory: string,
  record: EnvironmentRecord,
  content_digest: string | undefined,
): Promise<EnvironmentProblem[]> {
  const problems: EnvironmentProblem[] = [];
  const said = contentDigest(record.site, record.files);
  if (said !== record.content_digest || said !== (content_digest ?? said))
    problems.push({
      path: RECORD_NAME,
      problem: "drift",
      why: "records other files than those the package was installed with",
      expected: content_digest ?? record.content_digest,
      actual: said,
    });
  const walked = walkEnvironment(fs, directory, ({ path, stat }) => ({ path, stat }));
  const digests = await digestFiles(record.files.map(({ path }) => `${directory}/${path}`));
  for (const [index, { path, sha256, executable }] of record.files.entries()) {
    const found = digests[index];
    if (found === undefined)
      problems.push({ path, problem: "missing", why: "is missing or no file", expected: sha256 });
    else if (found.sha256 !== sha256)
      problems.push({
        path,
        problem: "drift",
        why: "has other bytes",
        expected: sha256,
        actual: found.sha256,
      });
    else if (found.executable !== executable)
      problems.push({
        path,
        problem: "drift",
        why: `is ${executable ? "not " : ""}executable, against its record`,
      });
  }
  const known = new Set(record.files.map(({ path }) => path));
  for (const { path } of walked.files)
    if (!known.has(path)) problems.push({ path, problem: "unowned", why: "is in no wheel" });
  for (const path of walked.others) problems.push({ path, problem: "unowned", why: "is no file" });
  return [...problems, ...linkProblems(walked.links, record.links)];
}

function linkProblems(
  found: EnvironmentRecord["links"],
  recorded: EnvironmentRecord["links"],
): EnvironmentProblem[] {
  const wanted = new Map(recorded.map(({ path, leads_to }) => [path, leads_to]));
  const here = new Map(found.map(({ path, leads_to }) => [path, leads_to]));
  return [...new Set([...wanted.keys(), ...here.keys()])].flatMap((path): EnvironmentProblem[] => {
    const [expected, actual] = [wanted.get(path), here.get(path)];
    if (expected === actual) return [];
    if (actual === undefined) return [{ path, problem: "missing", why: "is missing", expected }];
    if (expected === undefined) return [{ path, problem: "unowned", why: "is a link nobody made", actual }];
    return [{ path, problem: "drift", why: `leads to ${actual} instead of ${expected}`, expected, actual }];
  });
}
