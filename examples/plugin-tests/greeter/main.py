"""greeter: Greets people by name.

One JSON object comes on stdin, one goes to stdout; what goes to stderr is a log.
Requests: {"operation": "action", "action": ID, "input": ..., "request_id": ..., "config"?: {...}} and
{"operation": "health", "nonce": ...}. Answers: {"status": "ok", "result": ...} with exit 0, or
{"status": "error", "error": {"code", "message"}} with exit 1.
"""

import json
import sys
import traceback

# The same as config.defaults in holdfast.toml.
DEFAULTS = {"salutation": "Hello"}


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def greet(given, config):
    """Greet somebody."""
    return {"greeting": f"{config['salutation']}, {given['name']}!"}


ACTIONS = {"greet": greet}


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
