/** The real binaries on real planes. The build must be current: `npm test` and `npm run check` see to that. */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./tree.ts";

/** The checkout, with a slash at its end. */
export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const bin = (program: string): string => join(REPOSITORY, "bin", `${program}.cjs`);

/** Each plane has a home of its own; compiled code is kept for all of them, or every command would start cold. */
const CACHE = { XDG_CACHE_HOME: join(tmpdir(), `holdfast-test-cache-${process.getuid?.() ?? 0}`) };

export interface Ran extends SpawnSyncReturns<string> {
  /** stdout as JSON; throws when it is not one document. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever document it expects
  readonly json: () => any;
}

export interface PlaneUnderTest {
  readonly root: string;
  readonly home: string;
  readonly env: Record<string, string>;
  readonly token: string;
  readonly plane_uid: string;
  pkg(...args: string[]): Ran;
  run(
    program: string,
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string>; input?: string },
  ): Ran;
}

function ran(done: SpawnSyncReturns<string>): Ran {
  return Object.assign(done, { json: () => JSON.parse(done.stdout) as unknown }) as Ran;
}

/** Runs one of our programs, or any other by name, with a clean environment. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string>; input?: string },
): Ran {
  const ours = existsSync(bin(program));
  const [file, argv] = ours ? [process.execPath, [bin(program), ...args]] : [program, [...args]];
  const env = { ...CACHE, ...options.env };
  return ran(spawnSync(file, argv, { encoding: "utf8", maxBuffer: 64 << 20, ...options, env }));
}

/** A plane made by `pkg init`, with keys in a home of its own and the admin token in the environment. */
export function makePlane(options: { with_sources?: boolean; folder?: string } = {}): PlaneUnderTest {
  const folder = options.folder ?? temporaryFolder();
  const root = join(folder, "plane");
  const home = join(folder, "home");
  const base: Record<string, string> = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    HOLDFAST_HOME: join(home, ".holdfast"),
    LC_ALL: "C.UTF-8",
  };
  const made = runProgram("pkg", ["init", root, "--json"], { cwd: folder, env: base });
  if (made.status !== 0) throw new Error(`pkg init exited ${made.status}: ${made.stdout}${made.stderr}`);
  const { token_file, plane_uid } = made.json() as { token_file: string; plane_uid: string };
  if (options.with_sources === true) {
    for (const name of ["modules", "specs"])
      cpSync(join(REPOSITORY, name), join(root, name), {
        recursive: true,
        filter: (path) => !path.includes("__pycache__"),
      });
  }
  const token = readFileSync(token_file, "utf8").trim();
  const env = { ...base, HOLDFAST_TOKEN: token };
  const run: PlaneUnderTest["run"] = (program, args, given = {}) =>
    runProgram(program, args, {
      cwd: given.cwd ?? root,
      env: given.env ?? env,
      ...(given.input === undefined ? {} : { input: given.input }),
    });
  return { root, home, env, token, plane_uid, run, pkg: (...args) => run("pkg", args) };
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves when the program ended and its output is complete. */
  readonly ended: Promise<Ended>;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly wall_ms: number;
}

/** Starts one of our programs, or any other by name, and does not wait for it. */
export function startProgram(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Started {
  const ours = existsSync(bin(program));
  const [file, argv] = ours ? [process.execPath, [bin(program), ...args]] : [program, [...args]];
  const from_ms = performance.now();
  const env = { ...CACHE, ...options.env };
  const child = spawn(file, argv, { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) =>
      resolve({ status, signal, ...output, wall_ms: performance.now() - from_ms }),
    );
  });
  return { child, ended };
}
