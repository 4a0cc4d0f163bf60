"""Path capabilities: what matches, what is refused, which shapes are accepted."""

import unittest

from modules.agent_runtime.capability import CapabilityEnforcer, CapabilityViolation


class PathMatching(unittest.TestCase):
    def test_table_of_paths(self) -> None:
        enforcer = CapabilityEnforcer(
            {"read": ["ledger/*.jsonl", "src/**/*.py", "a/**", "[ab].txt"], "forbidden": ["ledger/secret*"]}
        )
        table = {
            "/ledger/governance.jsonl": True,
            "./ledger/governance.jsonl": True,
            "//ledger/governance.jsonl": True,
            "ledger//governance.jsonl": True,
            "lib/../ledger/governance.jsonl": True,
            "ledger/sub/x.jsonl": False,
            "ledger/../lib/x.jsonl": False,
            "ledger/secret.jsonl": False,
            "ledger//secret.jsonl": False,
            "./ledger/./secret.jsonl": False,
            "src/a.py": True,
            "src/x/y.py": True,
            "src/x/y/z.py": True,
            "srcx/a.py": False,
            "a": True,
            "a/b/c": True,
            "abc": False,
            "a/../../etc/passwd": False,
            "a/../b": False,
            "LEDGER/x.jsonl": False,
            "a.txt": True,
            "c.txt": False,
            "": False,
            "/": False,
            ".": False,
            "..": False,
            "a\\b": False,
            "a/b\x00": False,
            "a/b\n": False,
            "a/\ud800": False,
        }
        for path, expected in table.items():
            with self.subTest(path=path):
                self.assertIs(enforcer.check("read", path), expected)

    def test_single_segment_wildcards_never_cross_a_slash(self) -> None:
        enforcer = CapabilityEnforcer({"read": ["a?b", "x[!q]y", "x[+-9]z", "d/*"]})
        for path in ("a/b", "x/y", "x/z", "d/e/f"):
            self.assertFalse(enforcer.check("read", path), path)
        for path in ("a-b", "x-y", "x0z", "d/e", "d/.hidden"):
            self.assertTrue(enforcer.check("read", path), path)

    def test_forbidden_holds_for_other_spellings_of_a_path(self) -> None:
        enforcer = CapabilityEnforcer({"read": ["**"], "forbidden": ["lib/*", "caf\u00e9/**"]})
        for path in ("./lib/x.py", "docs/../lib/x.py", "/lib//x.py", "LIB/x.py", "Lib/X.PY", "cafe\u0301/x", "CAFÉ/x"):
            self.assertFalse(enforcer.check("read", path), path)
            self.assertTrue(enforcer.is_forbidden(path), path)
        self.assertTrue(enforcer.check("read", "lib/sub/x.py"))
        self.assertTrue(enforcer.is_forbidden("../outside"))

    def test_forbidden_wins_over_write(self) -> None:
        enforcer = CapabilityEnforcer({"write": ["registries/**"], "forbidden": ["registries/**"]})
        self.assertFalse(enforcer.check("write", "registries/a.csv"))

    def test_matching_time_is_bounded(self) -> None:
        enforcer = CapabilityEnforcer({"read": ["**/" * 40 + "*a" * 40 + "/x"]})
        self.assertFalse(enforcer.check("read", "/".join(["a" * 60] * 60)))

    def test_unknown_operation_is_not_allowed(self) -> None:
        enforcer = CapabilityEnforcer({"read": ["**"]})
        self.assertFalse(enforcer.check("delete", "a"))
        with self.assertRaises(CapabilityViolation) as caught:
            enforcer.enforce("delete", "a")
        self.assertEqual(caught.exception.details["reason"], "unknown_operation")

    def test_empty_set_allows_nothing(self) -> None:
        enforcer = CapabilityEnforcer({})
        for operation in ("read", "write", "execute"):
            self.assertFalse(enforcer.check(operation, "a"))


class Shapes(unittest.TestCase):
    def test_wrong_shapes_are_refused_with_the_key_named(self) -> None:
        for value in ("ledger/*", None, {"a": 1}, [1], [None], [b"a"], 3):
            with self.subTest(value=value), self.assertRaises((TypeError, ValueError)) as caught:
                CapabilityEnforcer({"read": value})  # type: ignore[dict-item]
            self.assertIn("read", str(caught.exception))
        for value in (None, [], "read"):
            with self.subTest(value=value), self.assertRaises(TypeError):
                CapabilityEnforcer(value)  # type: ignore[arg-type]

    def test_unknown_keys_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "reads"):
            CapabilityEnforcer({"reads": []})

    def test_unusable_patterns_are_refused(self) -> None:
        for pattern in ("", "../a", "a/../b", "a\\b", "a\x00", "a**b", "a/**b", "/", "x" * 2000):
            with self.subTest(pattern=pattern), self.assertRaises(ValueError):
                CapabilityEnforcer({"read": [pattern]})

    def test_violation_as_data(self) -> None:
        enforcer = CapabilityEnforcer({"read": ["a/*"], "forbidden": ["b/*"]})
        with self.assertRaises(CapabilityViolation) as caught:
            enforcer.enforce("read", "b/x")
        self.assertEqual(
            caught.exception.to_dict(),
            {
                "error_type": "CapabilityViolation",
                "message": "read of 'b/x' is not allowed: matches_forbidden_pattern",
                "operation": "read",
                "path": "b/x",
                "details": {"reason": "matches_forbidden_pattern", "available_patterns": ["a/*"]},
            },
        )

    def test_session_marks_bind_to_one_session(self) -> None:
        enforcer = CapabilityEnforcer({"write": ["output/<session_id>/**", "tmp/<sid>/*"]}).bind("SES-1")
        self.assertTrue(enforcer.check("write", "output/SES-1/a/b"))
        self.assertTrue(enforcer.check("write", "tmp/SES-1/a"))
        self.assertFalse(enforcer.check("write", "output/SES-2/a"))

    def test_declared_outputs(self) -> None:
        enforcer = CapabilityEnforcer({"write": ["output/*"]})
        enforcer.check_declared_outputs([{"path": "output/a", "role": "x"}])
        with self.assertRaises(CapabilityViolation):
            enforcer.check_declared_outputs([{"path": "output/a"}, {"path": "output/../lib/a"}])


if __name__ == "__main__":
    unittest.main()
