/** An empty virtual environment, without what names the place or the moment of its making. */
import type { Effects } from "../../effects/index.ts";
import { make } from "../faults.ts";
import type { EnvironmentInterpreter } from "./interpreter.ts";

const TIMEOUT_MS = 60_000;
/** For people at a shell: they hold the path of the making, and nothing here reads them. */
const ACTIVATION = /^activate(\.|$)/i;

/**
 * Of the interpreter by its real path: its links lead there at once, so a wall needs to show nothing between.
 * @throws PYTHON_VENV_FAILED
 */
export async function makeVenv(
  { fs, subprocess, signal }: Pick<Effects, "fs" | "subprocess" | "signal">,
  directory: string,
  { executable, site }: EnvironmentInterpreter,
): Promise<void> {
  const { exit_code, stderr, stdout } = await subprocess.run({
    argv: [executable, "-I", "-B", "-m", "venv", "--without-pip", "--symlinks", directory],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 16 },
    signal,
  });
  const failed = (problem: string): never => {
    throw make("PYTHON_VENV_FAILED", `${executable} cannot make a virtual environment: ${problem}`, {
      executable,
      problem,
    });
  };
  if (exit_code !== 0)
    failed(
      (stderr.trim() || stdout.toString("utf8").trim()).split("\n").at(-1)?.slice(0, 300) ?? "it failed",
    );
  if (fs.stat(`${directory}/${site}`)?.kind !== "directory") failed(`it made no ${site}`);
  for (const { name } of fs.list(`${directory}/bin`))
    if (ACTIVATION.test(name)) fs.remove(`${directory}/bin/${name}`);
  settleConfig(fs, `${directory}/pyvenv.cfg`);
  openFolders(fs, directory);
}

/** The line of the command names a folder that will be renamed; no Python reads it. */
function settleConfig(fs: Effects["fs"], path: string): void {
  const kept = fs
    .readText(path)
    .split("\n")
    .filter((line) => !line.startsWith("command "));
  const file = fs.openWrite(path, { mode: 0o644, how: "replace" });
  try {
    file.write(Buffer.from(kept.join("\n")));
  } finally {
    file.close();
  }
  fs.setMode(path, 0o644);
}

function openFolders(fs: Effects["fs"], directory: string): void {
  fs.setMode(directory, 0o755);
  for (const { name, kind } of fs.list(directory))
    if (kind === "directory") openFolders(fs, `${directory}/${name}`);
}
