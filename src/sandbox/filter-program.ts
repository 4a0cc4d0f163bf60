/** The compiled filter of system calls, for a layer that takes it as bytes. Made where the tables of numbers are. */
import type { Effects } from "../effects/index.ts";
import { TOOL_ENVIRONMENT } from "./environment.ts";
import { LAUNCHER_FLAGS } from "./launch.ts";
import { FILTER_PROGRAM_SCRIPT } from "./launcher-script.ts";

const TIMEOUT_MS = 10_000;
/** Of one instruction, in hexadecimal. */
const INSTRUCTIONS = /^(?:[0-9a-f]{16})+$/;

/** `python`: absolute, from outside every plane. Undefined for a machine without a table of numbers. */
export async function filterProgram(
  { subprocess }: Pick<Effects, "subprocess">,
  python: string,
): Promise<Uint8Array | undefined> {
  try {
    const { exit_code, stdout } = await subprocess.run({
      argv: [python, ...LAUNCHER_FLAGS, "-c", FILTER_PROGRAM_SCRIPT],
      cwd: "/",
      env: TOOL_ENVIRONMENT,
      limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 16 },
    });
    const text = stdout.toString("utf8").trim();
    return exit_code === 0 && INSTRUCTIONS.test(text) ? Buffer.from(text, "hex") : undefined;
  } catch {
    return undefined;
  }
}
