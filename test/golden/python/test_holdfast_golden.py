"""The test case by itself: a program that says what a test wants stands in for golden."""

import json
import os
import pathlib
import stat
import sys
import tempfile
import unittest

from holdfast_golden import GoldenTestCase, GoldenUnavailable

PROBLEM = {
    "code": "OUTPUT",
    "message": "the answer has 2 at /n",
    "expected": "1",
    "actual": "2",
    "next_step": "Correct the plugin.",
}


def step(name, verdict="pass", problems=()):
    return {
        "id": name,
        "verdict": verdict,
        "problems": list(problems),
        "trace": {"output": {"n": 1}, "events": [], "changes": []},
    }


def report(*steps):
    verdict = next((one["verdict"] for one in steps if one["verdict"] != "pass"), "pass")
    return {"scenarios": [{"name": "life", "verdict": verdict, "steps": list(steps)}]}


GOOD = report(step("install"), step("execute"))
BAD = report(step("install"), step("execute", "fail", [PROBLEM]), step("uninstall", "not-run"))


class ReportTest(GoldenTestCase):
    def messageOf(self, check, *args):
        with self.assertRaises(self.failureException) as caught:
            check(*args)
        return str(caught.exception)

    def test_what_passed_passes(self):
        self.assertGolden(GOOD)
        self.assertStep(GOOD, "install")
        self.assertStep(GOOD, "life/execute")
        self.assertEqual(self.goldenOutput(GOOD, "execute"), {"n": 1})

    def test_what_failed_is_told_with_step_code_values_and_next(self):
        message = self.messageOf(self.assertGolden, BAD)
        for part in ("life/execute: fail", "[OUTPUT] the answer has 2", "expected 1, got 2", "next: Correct the plugin."):
            self.assertIn(part, message)
        self.assertStep(BAD, "execute", "fail", "OUTPUT")
        self.assertStep(BAD, "uninstall", "not-run")

    def test_another_verdict_or_code_is_told(self):
        self.assertIn("execute is fail, not pass", self.messageOf(self.assertStep, BAD, "execute"))
        self.assertIn(
            "execute has OUTPUT, not RESIDUE", self.messageOf(self.assertStep, BAD, "execute", "fail", "RESIDUE")
        )

    def test_nothing_proves_nothing(self):
        self.assertIn("no scenario ran", self.messageOf(self.assertGolden, {"scenarios": []}))
        self.assertIn("there are execute, install", self.messageOf(self.assertStep, GOOD, "dance"))
        with self.assertRaises(TypeError):
            self.assertGolden({"cells": []})


class ProgramTest(GoldenTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.golden_cwd = folder.name
        self.golden_program = os.path.join(folder.name, "golden")

    def program(self, *lines):
        path = pathlib.Path(self.golden_program)
        path.write_text("\n".join(["#!" + sys.executable, "import json, os, sys, time", *lines]) + "\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def test_words_reach_the_program_in_its_folder(self):
        self.program(
            "verdict = [*sys.argv[1:], os.path.samefile(os.getcwd(), os.path.dirname(sys.argv[0]))]",
            "print(json.dumps({'scenarios': verdict}))",
        )
        told = self.golden(["-a.toml", pathlib.Path("b")], "--workers=1")["scenarios"]
        self.assertEqual(told, ["run", "--workers=1", "--json", "--", "-a.toml", "b", True])

    def test_a_report_of_failure_is_a_report(self):
        self.program("print(%r)" % json.dumps(BAD), "sys.exit(1)")
        self.assertEqual(self.golden("x"), BAD)

    def unavailable(self):
        with self.assertRaises(GoldenUnavailable) as caught:
            self.golden("x")
        return str(caught.exception)

    def test_a_refusal_is_told_with_its_next_step(self):
        error = {"error": {"code": "SUBJECT_UNKNOWN", "message": "no x", "next_step": "Try y.", "details": {}}}
        self.program("print(%r)" % json.dumps(error), "sys.exit(1)")
        self.assertEqual(self.unavailable(), "no x [SUBJECT_UNKNOWN]\nnext: Try y.")

    def test_silence_and_noise_are_no_report(self):
        self.program("sys.exit('broken')")
        self.assertIn("ended with 1 and no report\nbroken", self.unavailable())
        self.program("sys.stdout.buffer.write(b'\\xff')")
        self.assertIn("ended with 0 and no report", self.unavailable())

    def test_a_run_that_does_not_end_is_asked_to(self):
        self.program(
            "import signal",
            "signal.signal(signal.SIGTERM, lambda *_: (open('asked', 'w').close(), sys.exit(1)))",
            "time.sleep(60)",
        )
        self.golden_timeout_s = 1
        self.assertIn("did not end within 1 s", self.unavailable())
        self.assertTrue(os.path.exists(os.path.join(self.golden_cwd, "asked")))

    def test_a_program_that_is_not_there(self):
        self.golden_program = "/nowhere/golden"
        self.assertIn("/nowhere/golden is not there", self.unavailable())


if __name__ == "__main__":
    unittest.main()
