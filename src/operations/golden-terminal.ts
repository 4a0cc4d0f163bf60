/** A command at a real terminal, with a person's lines typed as it asks for them. */
import type { Effects } from "../effects/index.ts";
import type { FaultJson } from "../kernel/index.ts";
import { findPython } from "../python/index.ts";

/** Opens a pseudo-terminal, types a line at each question, shows all that was on the screen and ends as the command did. */
const SCRIPT = String.raw`import json, os, pty, re, select, sys
lines, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
asked = b""
while True:
    if not select.select([fd], [], [], 120)[0]:
        os.kill(pid, 9)
        break
    try:
        shown = os.read(fd, 65536)
    except OSError:
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
    asked = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", asked + shown)
    if asked.rstrip(b" ").endswith(b":"):
        os.write(fd, ((lines.pop(0) if lines else "") + "\n").encode())
        asked = b""
sys.stdout.buffer.flush()
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
`;

/** @returns the command line that types `lines` at the questions of `argv` @throws PYTHON_* */
export async function atTerminal(
  effects: Effects,
  argv: readonly string[],
  lines: readonly string[],
): Promise<readonly string[]> {
  const { executable } = await findPython(effects, {});
  return [executable, "-c", SCRIPT, JSON.stringify(lines), ...argv];
}

/** What people are told of a fault, read from the screen; null where nothing went wrong. */
export function faultOnScreen(screen: string): FaultJson | null {
  const text = screen.replaceAll("\r", "").replaceAll(new RegExp(`${ESCAPE}\\[[0-9;?]*[A-Za-z]`, "g"), "");
  const [, message, code] = /^error: (.*) \[([A-Za-z_]+)\]$/m.exec(text) ?? [];
  if (message === undefined || code === undefined) return null;
  const [, next_step = 'Run the command with "--help".'] = /^ +next: +(.*)$/m.exec(text) ?? [];
  return { code, message, next_step, details: {} };
}

const ESCAPE = String.fromCharCode(27);
