"""Digests: known values, and what has none."""

import hashlib
import os
import tempfile
import unittest

from modules.stdlib_evidence import hash_file, hash_json, hash_string

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()


class Hashing(unittest.TestCase):
    def test_strings(self) -> None:
        self.assertEqual(hash_string(""), EMPTY)
        self.assertEqual(hash_string("é"), of("é"))
        with self.assertRaises(TypeError):
            hash_string(b"x")  # type: ignore[arg-type]

    def test_json_spelling(self) -> None:
        self.assertEqual(hash_json({"b": [1, None], "a": "é\u2028"}), of('{"a": "é\u2028", "b": [1, null]}'))
        self.assertEqual(hash_json({"b": 1, "a": {"d": 1, "c": 2}}), hash_json({"a": {"c": 2, "d": 1}, "b": 1}))
        # Keys sort by code point, where U+FB00 comes before U+1D4B3.
        self.assertEqual(hash_json({"\U0001d4b3": 1, "\ufb00": 2}), of('{"\ufb00": 2, "\U0001d4b3": 1}'))
        self.assertEqual(hash_json([1.0, 1e16, 1e-07]), of("[1.0, 1e+16, 1e-07]"))

    def test_values_without_a_digest(self) -> None:
        loop: list = []
        loop.append(loop)
        deep: list = []
        for _ in range(200_000):
            deep = [deep]
        for value in (float("nan"), float("inf"), [-float("inf")], "\ud800", {"\udfff": 1}, loop, deep):
            with self.assertRaises(ValueError):
                hash_json(value)
        with self.assertRaises(ValueError):
            hash_string("\ud800")
        for value in ({1, 2}, b"x", object()):
            with self.assertRaises(TypeError):
                hash_json(value)
        while deep:  # take it apart by hand: freeing it in one go would be as deep
            deep = deep[0]

    def test_files(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            data = os.urandom(3 << 20)
            with open(path, "wb") as target:
                target.write(data)
            self.assertEqual(hash_file(path), "sha256:" + hashlib.sha256(data).hexdigest())
            with self.assertRaises(OSError):
                hash_file(os.path.join(folder, "none"))


if __name__ == "__main__":
    unittest.main()
