"""Shared by the launchers of this folder: finds the holdfast program and becomes it.

The launchers keep the command lines of the Python control plane alive. They decide nothing: every option is handed to the
command, is said on stderr to have no effect, or is refused. The process is replaced (exec), so input, output, signals and
exit code are the command's own. A token travels through a pipe, never in an argument or the environment, where every user of
the machine could read it. Python 3.9 or newer, standard library only, Linux and macOS.
"""

import argparse
import json
import os
import re
import shutil
import sys
from typing import Dict, List, NoReturn, Optional

PLANE_FILE = os.path.join("config", "plane.toml")
PLANE_UID = re.compile(r'^plane_uid = "([0-9a-f]{32})"\s*$', re.MULTILINE)
TOKEN_VARIABLES = ("HOLDFAST_TOKEN", "CONTROL_PLANE_TOKEN")
# A pipe takes this much in one write without a reader, on every system we know.
TOKEN_BYTES_MAX = 4096


def parser(description: str, command: str) -> argparse.ArgumentParser:
    """Starts a command line with the options every launcher has; what it does not know goes to the command unread."""
    result = argparse.ArgumentParser(
        description=description, epilog="Every other option is handed to `holdfast %s`." % command
    )
    result.add_argument("--root", help="the plane (default: the folder above this script)")
    result.add_argument("--token", help="handed over by a pipe; prefer --token-file or HOLDFAST_TOKEN")
    result.add_argument("--token-file", help="a file that holds the token")
    result.add_argument("--json", "-j", action="store_true", help="one JSON document on stdout")
    return result


def note(option: str, reason: str) -> None:
    """Says that an option of the original has no effect here."""
    print("note: %s has no effect: %s" % (option, reason), file=sys.stderr)


def refuse(code: str, message: str, next_step: str, exit_code: int, details: Optional[Dict[str, str]] = None) -> NoReturn:
    """Ends the process the way the commands refuse: prose on stderr and, with --json, one document on stdout."""
    if "--json" in sys.argv[1:] or "-j" in sys.argv[1:]:
        fault = {"code": code, "message": message, "next_step": next_step, "details": details or {}}
        print(json.dumps({"error": fault}))
    print("%s: %s\nnext: %s" % (code, message, next_step), file=sys.stderr)
    sys.stdout.flush()
    sys.exit(exit_code)


def refuse_option(option: str, reason: str, next_step: str) -> NoReturn:
    """Refuses an option whose effect the user would miss if it were ignored."""
    refuse("OPTION_REFUSED", "%s is not supported: %s" % (option, reason), next_step, 2, {"option": option})


def run(command: str, given: argparse.Namespace, arguments: List[str]) -> NoReturn:
    """Becomes `holdfast <command> <arguments>` with the plane and the token of `given`. Does not return."""
    if os.name != "posix":
        refuse("PLATFORM_UNSUPPORTED", "these launchers need Linux or macOS", "Run the holdfast program itself.", 5)
    root = given.root or _plane_above()
    program = _find_program(os.path.abspath(root or os.getcwd()))
    environment = {name: value for name, value in os.environ.items() if name not in TOKEN_VARIABLES}
    argv = program + [command] + arguments
    for option, value in (("--root", root), ("--token-file", given.token_file)):
        if value is not None:
            argv += [option, value]
    if given.json:
        argv.append("--json")
    token = _token(given)
    if token is not None:
        argv += ["--token-fd", str(_pipe_with(token))]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(argv[0], argv, environment)
    except OSError as error:
        message = "%s did not start: %s" % (argv[0], error.strerror)
        refuse("CLI_UNUSABLE", message, "Set HOLDFAST_CLI to the bin folder of holdfast.", 5)


def _plane_above() -> Optional[str]:
    above = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return above if os.path.isfile(os.path.join(above, PLANE_FILE)) else None


def _token(given: argparse.Namespace) -> Optional[str]:
    """The order of the commands: argument, file, HOLDFAST_TOKEN, CONTROL_PLANE_TOKEN."""
    if given.token is not None or given.token_file is not None:
        return given.token
    return next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), None)


def _pipe_with(token: str) -> int:
    """A descriptor from which the token can be read once; it survives exec."""
    content = os.fsencode(token)
    if len(content) > TOKEN_BYTES_MAX:
        refuse("TOKEN_TOO_LONG", "the token has %d bytes, %d are allowed" % (len(content), TOKEN_BYTES_MAX),
               "Run `pkg auth list` to see which tokens exist.", 2)
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    os.set_inheritable(reading, True)
    return reading


def _find_program(start: str) -> List[str]:
    """The words that start the holdfast program, the first an absolute path."""
    named = os.environ.get("HOLDFAST_CLI")
    if named:
        words = _named_program(os.path.abspath(named))
        if words is None:
            refuse("CLI_NOT_FOUND", "HOLDFAST_CLI names %s, which holds no holdfast program" % named,
                   "Set HOLDFAST_CLI to the bin folder of holdfast.", 5, {"path": named})
        return words
    on_path = shutil.which("holdfast")
    above = _plane_above()
    recorded = _recorded_program(start) or (_recorded_program(above) if above else None)
    words = recorded or ([os.path.abspath(on_path)] if on_path else None) or _installed_program(start)
    if words is None:
        refuse("CLI_NOT_FOUND", "no holdfast program was found for the plane at %s" % start,
               'Run "npm install holdfast" there, or set HOLDFAST_CLI to the bin folder of holdfast.', 5, {"path": start})
    return words


def _named_program(path: str) -> Optional[List[str]]:
    if os.path.isdir(path):
        inside = (os.path.join(path, name) for name in ("holdfast", "holdfast.cjs"))
        path = next((candidate for candidate in inside if os.path.isfile(candidate)), "")
    if path.endswith(".cjs") and os.path.isfile(path):
        node = shutil.which("node") or shutil.which("nodejs")
        # holdfast.cjs looks for a newer Node by itself when this one is too old.
        return [os.path.abspath(node), path] if node else None
    return [path] if os.path.isfile(path) and os.access(path, os.X_OK) else None


def _recorded_program(start: str) -> Optional[List[str]]:
    """What the commands wrote down when they last opened this plane: {"node": absolute, "script": absolute}."""
    try:
        with open(os.path.join(start, PLANE_FILE), encoding="utf-8") as plane:
            uid = PLANE_UID.search(plane.read())
        home = os.environ.get("HOLDFAST_HOME") or os.path.join(os.path.expanduser("~"), ".holdfast")
        with open(os.path.join(home, "planes", uid.group(1) if uid else "", "cli.json"), encoding="utf-8") as record:
            found = json.load(record)
        words = [found["node"], found["script"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return words if all(isinstance(word, str) and os.path.isabs(word) and os.path.isfile(word) for word in words) else None


def _installed_program(start: str) -> Optional[List[str]]:
    folder = start
    while True:
        candidate = os.path.join(folder, "node_modules", ".bin", "holdfast")
        if os.access(candidate, os.X_OK):
            return [candidate]
        if os.path.dirname(folder) == folder:
            return None
        folder = os.path.dirname(folder)
