"""Lives of the greeter, each in a plane of its own: python3 -m unittest discover --start-directory tests"""

import pathlib
import unittest

from holdfast_golden import GoldenTestCase


class GreeterTest(GoldenTestCase):
    golden_cwd = pathlib.Path(__file__).resolve().parent.parent

    def test_lives_its_canonical_life_as_recorded(self):
        report = self.golden("golden/greeter.toml")
        self.assertGolden(report)
        self.assertStep(report, "recording")
        self.assertEqual(self.goldenOutput(report, "execute-1"), {"greeting": "Hello, Ada!"})

    def test_a_patch_version_that_answers_otherwise_is_found(self):
        report = self.golden("golden/next-answers-otherwise.toml")
        self.assertStep(report, "update")
        self.assertStep(report, "execute-updated-1", "fail", "OUTPUT")


if __name__ == "__main__":
    unittest.main()
