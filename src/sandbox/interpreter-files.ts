/** Which files an interpreter needs to be there, so that one below somebody's home can be shown and nothing else of it. */
import type { Effects } from "../effects/index.ts";
import { FILES_SCRIPT } from "../python/index.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";
import { LAUNCHER_FLAGS } from "./launch.ts";

type Needs = Pick<Effects, "subprocess" | "signal">;

const TIMEOUT_MS = 10_000;
const ASK = `import json, os, sys\n${FILES_SCRIPT}\nprint(json.dumps(sorted(found)))\n`;

/**
 * Absolute paths; undefined when the program is no Python 3 or did not answer. It is run to be asked, without its site
 * packages: never call this for an interpreter that lies in a plane.
 */
export async function interpreterFiles(
  { subprocess, signal }: Needs,
  python: string,
): Promise<string[] | undefined> {
  try {
    const { exit_code, stdout } = await subprocess.run({
      argv: [python, ...LAUNCHER_FLAGS, "-c", ASK],
      cwd: "/",
      env: TOOL_ENVIRONMENT,
      limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 20 },
      signal,
    });
    const paths: unknown = exit_code === 0 ? JSON.parse(stdout.toString("utf8")) : undefined;
    return Array.isArray(paths) ? paths.map(String).filter((path) => path.startsWith("/")) : undefined;
  } catch {
    return undefined;
  }
}
