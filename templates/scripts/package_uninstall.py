#!/usr/bin/env python3
"""Removes a package and leaves the tree as it was before: `holdfast uninstall` with the options of the original.

--id --token   as before; --root --json --dry-run are new
--src-dir --out-dir   refused: the receipt says what is removed, and the archive in the store is never rewritten
--session --work-order --frameworks-active --actor   no effect: the ledger entry names the user of the token"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _holdfast  # noqa: E402


def main() -> None:
    line = _holdfast.parser("Uninstall a package.", "uninstall")
    line.add_argument("--id", required=True)
    for option in ("--src-dir", "--out-dir", "--session", "--work-order", "--frameworks-active", "--actor"):
        line.add_argument(option)
    given, others = line.parse_known_args()
    for name, value in (("--src-dir", given.src_dir), ("--out-dir", given.out_dir)):
        if value is not None:
            reason = "the receipt says what is removed, and the archive in the store is never rewritten"
            _holdfast.refuse_option(name, reason, "Run the same command without %s." % name)
    for option in ("session", "work_order", "frameworks_active", "actor"):
        if getattr(given, option) is not None:
            _holdfast.note("--" + option.replace("_", "-"), "the ledger entry names the user of the token")
    _holdfast.run("uninstall", given, ["--id", given.id] + others)


if __name__ == "__main__":
    main()
