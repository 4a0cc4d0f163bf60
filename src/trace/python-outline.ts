/** Docstring and public functions of a Python file, by Python's own parser. The file is parsed, never run. */
import type { FileTrace } from "../contracts/index.ts";
import { Fault } from "../kernel/index.ts";
import { findPython } from "../python/index.ts";
import { shellWord } from "./shell-word.ts";
import type { Sight } from "./sight.ts";

const SOURCE_BYTES_MAX = 1 << 20;
const OUTPUT_BYTES_MAX = 1 << 20;
const TIMEOUT_MS = 5_000;

/** Reads source on stdin, prints `{docstring, functions: [{name, purpose}]}`; purpose is the first line of the docstring. */
const PROGRAM = `
import ast, json, sys
tree = ast.parse(sys.stdin.buffer.read())
def first(node):
    text = (ast.get_docstring(node) or "").strip()
    return text.splitlines()[0] if text else ""
def public(body, prefix=""):
    for node in body:
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield {"name": prefix + node.name, "purpose": first(node)}
        elif isinstance(node, ast.ClassDef):
            yield from public(node.body, prefix + node.name + ".")
json.dump({"docstring": ast.get_docstring(tree), "functions": list(public(tree.body))}, sys.stdout)
`;

type Outline = Pick<FileTrace, "docstring" | "functions">;
export const NO_OUTLINE: Outline = { docstring: null, functions: [] };

/** Nothing, with a finding that says why, when Python is absent, too slow or does not accept the file. */
export async function describePython(sight: Sight, path: string): Promise<Outline> {
  const { fs, subprocess } = sight.effects;
  if ((sight.stat(path)?.size_bytes ?? 0) > SOURCE_BYTES_MAX)
    return leaveOut(sight, path, `it is larger than ${SOURCE_BYTES_MAX} bytes`);
  try {
    const { executable } = await findPython(sight.effects);
    const run = await subprocess.run({
      argv: [executable, "-I", "-S", "-B", "-c", PROGRAM],
      cwd: "/",
      env: { PYTHONUTF8: "1" },
      stdin: fs.read(`${sight.plane.root}/${path}`),
      limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: OUTPUT_BYTES_MAX },
    });
    if (run.timed_out) return leaveOut(sight, path, `Python took longer than ${TIMEOUT_MS / 1000} s`);
    if (run.exit_code !== 0)
      return leaveOut(
        sight,
        path,
        "Python cannot parse it",
        `Run "python3 -m py_compile ${shellWord(path)}" to see what Python says.`,
      );
    return readOutline(run.stdout);
  } catch (error) {
    if (error instanceof Fault) return leaveOut(sight, path, error.message, error.next_step);
    return leaveOut(sight, path, "Python could not be started or said something unreadable");
  }
}

function readOutline(stdout: Buffer): Outline {
  const found = JSON.parse(stdout.toString("utf8")) as {
    docstring: unknown;
    functions: { name: unknown; purpose: unknown }[];
  };
  return {
    docstring: typeof found.docstring === "string" ? found.docstring : null,
    functions: found.functions.map(({ name, purpose }) => ({ name: String(name), purpose: String(purpose) })),
  };
}

function leaveOut(sight: Sight, path: string, reason: string, next_step = `Read ${path} itself.`): Outline {
  sight.note({
    code: "TRACE_OUTLINE_LEFT_OUT",
    severity: "info",
    message: `functions of ${path} are not listed: ${reason}`,
    next_step,
    path,
  });
  return NO_OUTLINE;
}
