"""One JSON request on stdin, one answer on stdout; as a worker one a line.

``example_colours`` is no part of this package's code: it comes from the wheel that the package locks and ships.
Code of refusals: plugin_action_not_found.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Dict

from example_colours import nearest


def answer(request: Dict[str, Any]) -> Dict[str, Any]:
    done: Dict[str, Any]
    if request.get("action") == "name":
        colour = bytes.fromhex(request["input"]["colour"][1:])
        done = {"status": "ok", "result": {"name": nearest(*colour)}}
    else:
        message = "there is no action %s" % (request.get("action"),)
        done = {"status": "error", "error": {"code": "plugin_action_not_found", "message": message}}
    return {**done, "id": request["id"]} if "id" in request else done


def main() -> int:
    if os.environ.get("HOLDFAST_WORKER") == "1" or "--worker" in sys.argv[1:]:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
            sys.stdout.flush()
        return 0
    done = answer(json.load(sys.stdin))
    sys.stdout.write(json.dumps(done) + "\n")
    return 0 if done["status"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
