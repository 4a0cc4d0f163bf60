"""Records and references: shape, and the field named in every refusal."""

import unittest

from modules.stdlib_evidence import build_evidence, build_reference


class Evidence(unittest.TestCase):
    GOOD = {"session_id": "S", "turn_number": 1, "input_hash": "sha256:a", "output_hash": "sha256:b"}

    def test_shape(self) -> None:
        self.assertEqual(
            build_evidence(**self.GOOD),
            {**self.GOOD, "declared_reads": [], "declared_writes": [], "external_calls": []},
        )
        full = build_evidence(**self.GOOD, work_order_id="W", duration_ms=0, declared_reads=({"path": "a"},), note="n")
        self.assertEqual(full["declared_reads"], [{"path": "a"}])
        self.assertEqual((full["work_order_id"], full["duration_ms"], full["note"]), ("W", 0, "n"))

    def test_same_arguments_same_record(self) -> None:
        self.assertEqual(build_evidence(**self.GOOD), build_evidence(**self.GOOD))

    def test_refusals_name_the_field(self) -> None:
        bad = {
            "session_id": (None, "", "  ", 3, "\ud800"),
            "turn_number": (None, 0, -1, True, "1", 1.0),
            "input_hash": (None, "", 1),
            "output_hash": (None, "", []),
            "work_order_id": ("", 1),
            "duration_ms": (-1, 1.5, True),
            "declared_reads": ("a", {}, 1),
            "declared_writes": ("a",),
            "external_calls": ({},),
        }
        for field, values in bad.items():
            for value in values:
                with self.subTest(field=field, value=value), self.assertRaises(ValueError) as caught:
                    build_evidence(**{**self.GOOD, field: value})
                self.assertTrue(str(caught.exception).startswith(field + ":"))

    def test_references(self) -> None:
        self.assertEqual(build_reference("A", "sha256:a"), {"artifact_id": "A", "hash": "sha256:a"})
        full = build_reference("A", "h", artifact_type="file", path="a/b", note=1)
        self.assertEqual(full, {"artifact_id": "A", "hash": "h", "artifact_type": "file", "path": "a/b", "note": 1})
        for fields in ({"hash": "h"}, {"artifact_id": "A"}, {"artifact_id": "", "hash": "h"}):
            with self.assertRaises(ValueError):
                build_reference(**fields)


if __name__ == "__main__":
    unittest.main()
