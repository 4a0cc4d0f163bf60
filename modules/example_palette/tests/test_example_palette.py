"""The palette plugin as a process, with its wheel on the path as an environment has it."""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, Dict

PACKAGE = Path(__file__).resolve().parents[1]
WHEEL = next((PACKAGE / "wheels").glob("*.whl"))


def run(action: str, colour: str) -> Dict[str, Any]:
    request = {"operation": "action", "action": action, "input": {"colour": colour}, "config": {}, "request_id": "r"}
    # A pure wheel can be imported from where it lies.
    program = "import runpy, sys; sys.path.insert(0, %r); runpy.run_path(%r, run_name='__main__')"
    argv = [sys.executable, "-I", "-B", "-c", program % (str(WHEEL), str(PACKAGE / "main.py"))]
    done = subprocess.run(argv, input=json.dumps(request), capture_output=True, text=True, timeout=60, check=False)
    return json.loads(done.stdout)


class ExamplePalette(unittest.TestCase):
    def test_names_the_nearest_colour(self) -> None:
        for colour, name in (("#ff0000", "red"), ("#fe1006", "red"), ("#000010", "black"), ("#0000ff", "blue")):
            self.assertEqual(run("name", colour), {"status": "ok", "result": {"name": name}})

    def test_unknown_action(self) -> None:
        self.assertEqual(run("other", "#000000")["error"]["code"], "plugin_action_not_found")


if __name__ == "__main__":
    unittest.main()
