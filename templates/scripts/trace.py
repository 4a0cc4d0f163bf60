#!/usr/bin/env python3
"""Explains anything in the plane: `holdfast trace` with the options of the original.

--explain --inventory --installed --verify --json   as before; --root is new
--agent-context                                    refused: an agent reads the same facts from the other reports"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _holdfast  # noqa: E402


def main() -> None:
    line = _holdfast.parser("Explain a package, a file, a spec or a framework.", "trace")
    line.add_argument("--explain", metavar="ANYTHING")
    for option in ("--inventory", "--installed", "--verify", "--agent-context"):
        line.add_argument(option, action="store_true")
    given, others = line.parse_known_args()
    if given.agent_context:
        reason = "an agent reads the same facts from the other reports"
        _holdfast.refuse_option("--agent-context", reason, "Run `trace --installed --json` and `trace --verify --json`.")
    words = ["--explain", given.explain] if given.explain is not None else []
    words += ["--" + name for name in ("inventory", "installed", "verify") if getattr(given, name)]
    if not words and not others:
        line.print_help()
        sys.exit(0)
    _holdfast.run("trace", given, words + others)


if __name__ == "__main__":
    main()
