#!/usr/bin/env python3
"""Packs a module into the store and registers it: `holdfast pack` with the options of the original.

--src --id --root --token --json   as before
--out                              accepted when it names the file pack writes anyway, else refused: the store is the only place
--sign --attest --source-*         as before, but Ed25519 and in-toto; set CONTROL_PLANE_SIGNING_KEY and pass --sign-hmac for the older form
--session --work-order --frameworks-active --actor   no effect: the ledger entry names the user of the token"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import _holdfast  # noqa: E402


def main() -> None:
    line = _holdfast.parser("Pack a module into packages_store/.", "pack")
    line.add_argument("--src", required=True)
    line.add_argument("--id")
    line.add_argument("--out")
    for option in ("--sign", "--attest"):
        line.add_argument(option, action="store_true")
    for option in ("--source-repo", "--source-revision", "--source-branch"):
        line.add_argument(option)
    for option in ("--session", "--work-order", "--frameworks-active", "--actor"):
        line.add_argument(option)
    given, others = line.parse_known_args()
    refuse_unkept(given)
    for option in ("session", "work_order", "frameworks_active", "actor"):
        if getattr(given, option) is not None:
            _holdfast.note("--" + option.replace("_", "-"), "the ledger entry names the user of the token")
    words = ["--src", given.src]
    if given.id is not None:
        words += ["--id", given.id]
    words += [option for option in ("--sign", "--attest") if getattr(given, option[2:])]
    for option in ("--source-repo", "--source-revision", "--source-branch"):
        value = getattr(given, option[2:].replace("-", "_"))
        if value is not None:
            words += [option, value]
    _holdfast.run("pack", given, words + others)


def refuse_unkept(given) -> None:
    if given.out is not None and not names_store_file(given):
        reason = "the archive is always packages_store/<ID>.tar.gz"
        _holdfast.refuse_option("--out", reason, "Run the same command without --out and copy the archive afterwards.")


def names_store_file(given) -> bool:
    """True when --out is the latest-archive path that pack writes for --id."""
    tail = os.path.join("packages_store", "%s.tar.gz" % given.id)
    path = os.path.abspath(os.path.join(given.root or os.getcwd(), given.out))
    return given.id is not None and path.endswith(os.sep + tail)


if __name__ == "__main__":
    main()
