#!/usr/bin/env python3
"""Installs an archive into the plane: `holdfast install` with the options of the original.

--archive --id --dry-run --work-order --root --token --json   as before
--force   no effect: equal files are adopted, different ones are refused and named
--dev     no effect: an install always needs a token and all its checks
--actor   no effect: the ledger entry names the user of the token"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _holdfast  # noqa: E402


def main() -> None:
    line = _holdfast.parser("Install a package archive.", "install")
    line.add_argument("--archive", required=True)
    line.add_argument("--id", required=True)
    line.add_argument("--work-order")
    line.add_argument("--actor")
    for option in ("--force", "--dry-run", "--dev"):
        line.add_argument(option, action="store_true")
    given, others = line.parse_known_args()
    if given.force:
        _holdfast.note("--force", "equal files are adopted, different ones are refused and named")
    if given.dev:
        _holdfast.note("--dev", "an install always needs a token and all its checks")
    if given.actor is not None:
        _holdfast.note("--actor", "the ledger entry names the user of the token")
    words = ["--archive", given.archive, "--id", given.id]
    if given.work_order is not None:
        words += ["--work-order", given.work_order]
    if given.dry_run:
        words.append("--dry-run")
    _holdfast.run("install", given, words + others)


if __name__ == "__main__":
    main()
