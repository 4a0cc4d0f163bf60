/** Drives planes of the harness with our own commands: in this process, or each in one of its own. */

import { withFailpoints } from "../effects/failpoints/index.ts";
import type { Effects, Terminal } from "../effects/index.ts";
import type { Answer, Call, Driver, Place } from "../harness/index.ts";
import type { FaultJson } from "../kernel/index.ts";
import type { CommandEnd, Context } from "./define.ts";
import { atTerminal, faultOnScreen } from "./golden-terminal.ts";

const LIMITS = { timeout_ms: 600_000, stdout_bytes_max: 64 << 20 };
const KILLED = 137;

export function driverOf(context: Context): Driver {
  const known = new WeakMap<Place, Effects>();
  const effectsFor = (place: Place): Effects => {
    const found = known.get(place) ?? surrounded(context.effects, place);
    known.set(place, found);
    return found;
  };
  return {
    within: (place, call) => within(context, effectsFor(place), place, call),
    apart: (place, call) => apart(context, place, call),
  };
}

async function within(context: Context, base: Effects, place: Place, call: Call): Promise<Answer> {
  const effects = {
    ...base,
    host: { ...base.host, env: environmentOf(place, call) },
    terminal: NOBODY,
  };
  const reached: string[] = [];
  const injected =
    call.failpoints === undefined
      ? effects
      : withFailpoints(effects, call.failpoints, {
          kill: () => {
            throw new Error("a kill must be injected into a process of its own");
          },
          pause: (duration_ms) =>
            void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration_ms),
          tell: (line) => void reached.push(line),
        }).effects;
  try {
    return answerOf(await context.command(injected, wordsOf(call)), reached.map(pointOf));
  } catch (error) {
    if (context.effects.signal.aborted) throw error;
    return { exit_code: 70, document: null, fault: bug(error), reached: reached.map(pointOf) };
  }
}

async function apart({ effects, files }: Context, place: Place, call: Call): Promise<Answer> {
  const env = environmentOf(place, call);
  if (call.failpoints !== undefined) env["HOLDFAST_FAILPOINTS"] = call.failpoints;
  const { typed } = call;
  const plain = [files.node, files.launcher_script, ...wordsOf(call)];
  const command =
    call.umask === undefined ? plain : ["/bin/sh", "-c", 'umask "$0" && exec "$@"', call.umask, ...plain];
  const done = await effects.subprocess.run({
    argv: typed === undefined ? command : await atTerminal(effects, command, typed),
    cwd: place.cwd,
    env,
    limits: LIMITS,
    signal: effects.signal,
  });
  const exit_code = done.exit_code ?? KILLED;
  const told = done.stderr.split("\n").filter((line) => /^failpoint .*: (?!never reached)/.test(line));
  const stdout = done.stdout.toString("utf8");
  // A person at a terminal reads text.
  if (typed !== undefined)
    return {
      exit_code,
      document: { screen: stdout },
      fault: faultOnScreen(stdout),
      reached: told.map(pointOf),
    };
  return answerOf({ exit_code, stdout, stderr: done.stderr }, told.map(pointOf));
}

/** `failpoint activate.file.rename#3: EIO` to `activate.file.rename#3=EIO`. */
const pointOf = (line: string): string => line.replace(/^failpoint /, "").replace(": ", "=");

function answerOf({ exit_code, stdout }: CommandEnd, reached: readonly string[]): Answer {
  let document: unknown = null;
  try {
    document = JSON.parse(stdout);
  } catch {
    // Killed before it could answer.
  }
  const error = (document as { error?: unknown } | null)?.error;
  const fault = isFault(error) ? error : null;
  return { exit_code, document: fault === null ? document : null, fault, reached };
}

const isFault = (value: unknown): value is FaultJson =>
  typeof value === "object" && value !== null && "code" in value && "next_step" in value;

const bug = (error: unknown): FaultJson => ({
  code: "BUG",
  message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  next_step: "Report it with these lines.",
  details: {},
});

/** The words a user would type for it. */
function wordsOf({ operation, input, typed }: Call): string[] {
  const flags = Object.entries(input).flatMap(([field, value]) => {
    const flag = `--${field.replaceAll("_", "-")}`;
    if (value === undefined || value === false) return [];
    if (value === true) return [flag];
    return (Array.isArray(value) ? value : [value]).map((one) => `${flag}=${String(one)}`);
  });
  return [...operation.split(" "), ...flags, ...(typed === undefined ? ["--json"] : [])];
}

/** Secrets go by the environment: an argv is for everybody to see. */
function environmentOf({ env, root }: Place, { token, operation }: Call): Record<string, string> {
  return {
    ...env,
    // Without a plane under test, as on the machine of an author.
    ...(operation === "init" || root === "" ? {} : { HOLDFAST_ROOT: root }),
    ...(token === undefined ? {} : { HOLDFAST_TOKEN: token }),
  };
}

function surrounded(effects: Effects, place: Place): Effects {
  const { clock, host, sockets } = effects;
  // A name that leads inward is refused to plugins, so recorded names have public addresses that nobody connects to.
  const standIns = new Map([...place.names.keys()].map((name, index) => [name, `1.0.0.${index + 1}`]));
  return {
    ...effects,
    clock: { ...clock, now_ms: () => clock.now_ms() + place.ahead_ms },
    host: { ...host, env: place.env, cwd: place.cwd, home: place.env["HOME"] ?? host.home },
    sockets: {
      ...sockets,
      addressesOf: async (name) => {
        const address = standIns.get(name);
        return address === undefined ? sockets.addressesOf(name) : [address];
      },
      connect: async (to) => {
        const name = [...standIns].find(([, address]) => address === to.address)?.[0];
        const port = name === undefined ? undefined : place.names.get(name);
        return sockets.connect(port === undefined ? to : { ...to, address: "127.0.0.1", port });
      },
    },
  };
}

const NOBODY: Terminal = { interactive: false, ask: async () => "" };
