#!/usr/bin/env python3
"""Checks that everything is still what was approved: `holdfast integrity-check` with the options of the original.

--json --quiet --root --verify --orphans --chain (-j -q -v -o -c)   as before; every check runs every time, and --orphans lists more
--update-hashes (-u)   refused: a recorded hash changes only by packing or installing"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _holdfast  # noqa: E402


def main() -> None:
    line = _holdfast.parser("Check the integrity of the plane.", "integrity-check")
    for option in ("--quiet", "--verify", "--orphans", "--chain", "--update-hashes"):
        line.add_argument(option, "-" + option[2], action="store_true")
    given, others = line.parse_known_args()
    if given.update_hashes:
        reason = "a recorded hash changes only by packing or installing"
        _holdfast.refuse_option("--update-hashes", reason, "Run `pkg pack` for the module that changed.")
    words = ["--" + name for name in ("quiet", "verify", "orphans", "chain") if getattr(given, name)]
    _holdfast.run("integrity-check", given, words + others)


if __name__ == "__main__":
    main()
