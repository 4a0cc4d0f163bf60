"""Execute capabilities: one command, matched argument by argument."""

import unittest

from modules.agent_runtime.capability import CapabilityEnforcer


def allowed(pattern, command, forbidden=()):  # type: ignore[no-untyped-def]
    return CapabilityEnforcer({"execute": [pattern], "forbidden": list(forbidden)}).check("execute", command)


class CommandMatching(unittest.TestCase):
    def test_each_word_is_one_argument(self) -> None:
        pattern = "scripts/trace.py --explain *"
        self.assertTrue(allowed(pattern, "scripts/trace.py --explain X"))
        self.assertTrue(allowed(pattern, ["scripts/trace.py", "--explain", "two words"]))
        self.assertTrue(allowed(pattern, "scripts/trace.py --explain 'two words'"))
        for command in (
            "scripts/trace.py --explain",
            "scripts/trace.py --explain X Y",
            "scripts/trace.py --explain a/b",
            "scripts/trace.py --explain --output",
            "scripts/trace.py --explain ''",
            "other/trace.py --explain X",
            "scripts/../scripts/trace.py --explain X",
        ):
            self.assertFalse(allowed(pattern, command), command)

    def test_no_wildcard_allows_no_extra_arguments(self) -> None:
        self.assertTrue(allowed("git status", "git  status"))
        self.assertFalse(allowed("git status", "git status --short"))

    def test_shell_characters_in_a_string_are_refused(self) -> None:
        for tail in ("; rm -rf /", "| sh", "& x", "$HOME", "`id`", "> f", "< f", "\nrm", "\r", "\x00", "';'"):
            self.assertFalse(allowed("run *", "run a" + tail), tail)

    def test_an_argument_list_needs_no_shell(self) -> None:
        self.assertTrue(allowed("run *", ["run", "a;b"]))
        self.assertFalse(allowed("run *", ["run", "a\nb"]))
        self.assertFalse(allowed("run *", ["run", 3]))
        self.assertFalse(allowed("run *", []))
        self.assertFalse(allowed("run *", None))

    def test_embedded_and_double_stars(self) -> None:
        self.assertTrue(allowed("tool --id=PKG-* **", ["tool", "--id=PKG-A", "docs/a.txt"]))
        self.assertFalse(allowed("tool --id=PKG-* **", ["tool", "--id=PKG-A/b", "docs/a.txt"]))
        self.assertFalse(allowed("tool **", ["tool", "docs/../../etc/passwd"]))
        self.assertFalse(allowed("tool **", ["tool", "-rf"]))

    def test_forbidden_names_any_argument(self) -> None:
        for command in (
            "python3 scripts/install.py",
            "python3 ./scripts/INSTALL.py",
            "python3 --file=scripts/install.py",
            "python3 docs/../scripts/install.py",
        ):
            self.assertFalse(allowed(command, command, ["scripts/install.py"]), command)
        self.assertTrue(allowed("python3 scripts/trace.py", "python3 scripts/trace.py", ["scripts/install.py"]))

    def test_forbidden_command_prefix(self) -> None:
        self.assertFalse(allowed("git push *", "git push origin", ["git push"]))
        self.assertTrue(allowed("git pull *", "git pull origin", ["git push"]))

    def test_unusable_patterns(self) -> None:
        for pattern in ("", "a; b", "a 'b", "a\nb", "a x**"):
            with self.subTest(pattern=pattern), self.assertRaises(ValueError):
                CapabilityEnforcer({"execute": [pattern]})


if __name__ == "__main__":
    unittest.main()
