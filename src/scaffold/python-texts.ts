import type { Example } from "./examples.ts";
import type { NewPlugin } from "./named.ts";

/** The program of a new plugin in Python 3.9 or newer, without imports beyond the standard library. */
export function pythonProgram(
  { namespace }: NewPlugin,
  { purpose, action, config, python }: Example,
): string {
  return `"""${namespace}: ${purpose}

One JSON object comes on stdin, one goes to stdout; what goes to stderr is a log.
Requests: {"operation": "action", "action": ID, "input": ..., "request_id": ..., "config"?: {...}} and
{"operation": "health", "nonce": ...}. Answers: {"status": "ok", "result": ...} with exit 0, or
{"status": "error", "error": {"code", "message"}} with exit 1.
"""

import json
import sys
import traceback

# The same as config.defaults in holdfast.toml.
DEFAULTS = ${pythonValue(config.defaults)}


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def ${action.id}(given, config):
    """${action.title}."""
    ${python.join("\n    ")}


ACTIONS = {"${action.id}": ${action.id}}


def dispatch(request):
    operation = request.get("operation")
    if operation == "health":
        return {"nonce": request.get("nonce")}
    if operation != "action":
        raise Refusal("OPERATION_UNKNOWN", f"operation {operation!r} is not known")
    action = ACTIONS.get(request.get("action"))
    if action is None:
        raise Refusal("ACTION_UNKNOWN", f"action {request.get('action')!r} is not known")
    return action(request.get("input"), {**DEFAULTS, **request.get("config", {})})


def main():
    try:
        reply = {"status": "ok", "result": dispatch(json.load(sys.stdin))}
    except Refusal as refusal:
        reply = {"status": "error", "error": {"code": refusal.code, "message": str(refusal)}}
    except Exception as error:
        traceback.print_exc()
        reply = {"status": "error", "error": {"code": "FAILED", "message": type(error).__name__}}
    json.dump(reply, sys.stdout)
    print()
    return 0 if reply["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
`;
}

export function pythonTest({ action, shown }: Example): string {
  return `"""Run with: python3 -m unittest discover -s tests"""

import json
import pathlib
import subprocess
import sys
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "main.py"


def ask(request):
    done = subprocess.run(
        [sys.executable, "-B", str(PROGRAM)], input=json.dumps(request), capture_output=True, text=True
    )
    return done.returncode, json.loads(done.stdout)


class ProgramTest(unittest.TestCase):
    def test_${action.id}_answers_its_example(self):
        request = {"operation": "action", "action": "${action.id}", "input": ${pythonValue(shown.input)}}
        self.assertEqual(ask(request), (0, {"status": "ok", "result": ${pythonValue(shown.output)}}))

    def test_health_gives_the_nonce_back(self):
        self.assertEqual(
            ask({"operation": "health", "nonce": "n"}), (0, {"status": "ok", "result": {"nonce": "n"}})
        )

    def test_an_unknown_action_is_refused(self):
        exit_code, reply = ask({"operation": "action", "action": "no", "input": {}})
        self.assertEqual((exit_code, reply["error"]["code"]), (1, "ACTION_UNKNOWN"))


if __name__ == "__main__":
    unittest.main()
`;
}

/** JSON as Python writes it. */
function pythonValue(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${pythonValue(inner)}`)
    .join(", ")}}`;
}
