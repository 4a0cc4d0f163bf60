/** Runs one program behind a jail that was found to hold, or without one where somebody approved that. */
import type { RunResult } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { cleanEnvironment, TOOL_ENVIRONMENT } from "./environment.ts";
import { make } from "./faults.ts";
import { clearTemp, furnishTemp, launchArgv, needsRealTemp, pythonOf, tempInside } from "./launch.ts";
import type { Jail, JailNeeds, JailRequest } from "./layer.ts";
import { findOpenings } from "./openings.ts";
import { lastWords } from "./printable.ts";
import { makePrivateTemp } from "./private-temp.ts";
import { type View, viewOf } from "./view.ts";

/** Of the private folder, or of each file in it where the layer cannot bound the whole. */
const TEMP_BYTES = 64 << 20;

/**
 * No network, what is `readable` read-only, a private folder that goes afterwards, a clean environment, everything else of
 * the file system absent or unreadable; the whole process tree ends with the program or at the limit.
 * A program killed by a signal inside ends with 128 and the number of the signal, as in a shell.
 * @throws JAIL_WOULD_EXPOSE, JAIL_CANNOT_READ, JAIL_NOT_STARTED when the jail could not be built: the program did not run; the reason of
 * `effects.signal`, which ends the tree at once
 */
export async function runJailed(effects: JailNeeds, jail: Jail, request: JailRequest): Promise<RunResult> {
  const { layer, tools } = jail;
  const view = visible(effects, jail, request);
  const private_temp = needsRealTemp(layer) ? await makePrivateTemp(effects) : undefined;
  const temp = private_temp?.path ?? "";
  const start_mark = `started-${effects.random.hex(16)}`;
  const env = cleanEnvironment(tempInside(layer, temp), request.env);
  const { argv: program, cwd } = request;
  const launch = { argv: program, cwd, env, view, temp_bytes: TEMP_BYTES, start_mark };
  try {
    furnishTemp(effects.fs, tools, temp);
    const own = [pythonOf(tools), ...(temp === "" ? [] : [temp])].map((path) => effects.fs.realPath(path));
    const openings = findOpenings(effects, view.shown, [...view.shown, ...own]);
    const result = await effects.subprocess.run({
      argv: launchArgv(tools, launch, temp, openings),
      cwd: "/",
      env: TOOL_ENVIRONMENT,
      ...(request.stdin === undefined ? {} : { stdin: request.stdin }),
      limits: request.limits,
      signal: effects.signal,
    });
    const [before, after] = splitAt(result.stderr, `${start_mark}\n`);
    if (after === undefined && !result.timed_out) throw notStarted(jail, before);
    return { ...result, stderr: after ?? before };
  } finally {
    // First, so that an empty folder is left and no process has to be started for it.
    if (private_temp !== undefined) clearTemp(effects.fs, tools, temp);
    await private_temp?.remove();
  }
}

/** The clean environment, a private folder and the limits, and nothing else of the above. */
export async function runUnjailed(
  effects: JailNeeds,
  request: Omit<JailRequest, "readable" | "hidden">,
): Promise<RunResult> {
  const private_temp = await makePrivateTemp(effects);
  try {
    const { argv, cwd, stdin, limits } = request;
    return await effects.subprocess.run({
      argv,
      cwd,
      env: cleanEnvironment(private_temp.path, request.env),
      ...(stdin === undefined ? {} : { stdin }),
      limits,
      signal: effects.signal,
    });
  } finally {
    await private_temp.remove();
  }
}

function visible(effects: JailNeeds, jail: Jail, { readable, hidden }: JailRequest): View {
  try {
    return viewOf(effects.fs, readable, hidden);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw notStarted(jail, error instanceof Error ? error.message : String(error));
  }
}

function notStarted({ layer }: Jail, said: string): Fault {
  const reason = lastWords(said) || "it said nothing";
  return make("JAIL_NOT_STARTED", `the ${layer} jail could not be built: ${reason}`, { layer, reason });
}

/** What stands before and after the first `mark`; all and undefined without one. */
function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}
