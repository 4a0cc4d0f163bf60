"""Lives of plugins as unittest tests: runs ``golden run`` and holds its report against what a test expects.

Copy this one file beside your tests; it needs Python 3.9 or newer and nothing else.

    from holdfast_golden import GoldenTestCase

    class GreeterTest(GoldenTestCase):
        def test_life(self):
            self.assertGolden(self.golden("golden/greeter.toml"))

The program is the one HOLDFAST_GOLDEN names, or ``golden`` on PATH.
"""

import json
import os
import shutil
import subprocess
import unittest

__all__ = ["GoldenTestCase", "GoldenUnavailable"]


class GoldenUnavailable(Exception):
    """There is no report: the program is missing, refused what it was asked, or ended without an answer."""


class GoldenTestCase(unittest.TestCase):
    """A test case that can run scenarios. Its own settings are class attributes."""

    #: Path of the program; None: HOLDFAST_GOLDEN, then PATH.
    golden_program = None
    #: After this the run is ended, in seconds.
    golden_timeout_s = 600
    #: Folder that subjects are relative to; None: the working directory.
    golden_cwd = None

    def golden(self, subject, *args):
        """The report of ``golden run SUBJECT ARGS… --json``, also where something failed.

        ``subject`` is a scenario file, a folder of them, a source folder or a package id; several as a list.
        Raises GoldenUnavailable where there is no report.
        """
        subjects = [subject] if isinstance(subject, (str, os.PathLike)) else list(subject)
        argv = [_program(self.golden_program), "run", *args, "--json", "--", *map(os.fspath, subjects)]
        done = _run(argv, self.golden_cwd, self.golden_timeout_s)
        return _report(done.returncode, done.stdout, done.stderr)

    def assertGolden(self, report):
        """Every scenario passed, and there was one."""
        scenarios = _scenarios(report)
        if not scenarios:
            self.fail("no scenario ran")
        failed = [one for one in scenarios if one["verdict"] != "pass"]
        if failed:
            self.fail("not every scenario passed\n" + "\n".join(map(_describe, failed)))

    def assertStep(self, report, step, verdict="pass", code=None):
        """The step ended so, and where ``code`` is given, with this problem. ``step`` is an id, or ``scenario/step``."""
        scenario, found = self._find(report, step)
        if found["verdict"] != verdict:
            self.fail("%s is %s, not %s\n%s" % (step, found["verdict"], verdict, _describe(scenario)))
        codes = [problem["code"] for problem in found["problems"]]
        if code is not None and code not in codes:
            self.fail("%s has %s, not %s\n%s" % (step, ", ".join(codes) or "no problem", code, _describe(scenario)))

    def goldenOutput(self, report, step):
        """What the action of a step answered, with what varies replaced."""
        trace = self._find(report, step)[1]["trace"]
        return None if trace is None else trace["output"]

    def _find(self, report, step):
        scenarios = _scenarios(report)
        for scenario in scenarios:
            for one in scenario["steps"]:
                if step in (one["id"], "%s/%s" % (scenario["name"], one["id"])):
                    return scenario, one
        known = sorted({one["id"] for scenario in scenarios for one in scenario["steps"]})
        return self.fail("there is no step %s; there are %s" % (step, ", ".join(known) or "none"))


def _program(given):
    named = given or os.environ.get("HOLDFAST_GOLDEN")
    found = shutil.which(named or "golden")
    if found is None:
        raise GoldenUnavailable(
            "%s is not there or not executable\nnext: npm install --global holdfast, or set HOLDFAST_GOLDEN to the program"
            % (named or "golden")
        )
    # Relative to this process, not to the folder it runs in.
    return os.path.abspath(found)


def _run(argv, cwd, timeout_s):
    with subprocess.Popen(
        argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        try:
            stdout, stderr = child.communicate(timeout=timeout_s)
        except BaseException as error:
            # Asked to end, it takes its planes and processes with it.
            child.terminate()
            try:
                child.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
            if isinstance(error, subprocess.TimeoutExpired):
                raise GoldenUnavailable("golden run did not end within %s s" % timeout_s) from None
            raise
    return subprocess.CompletedProcess(argv, child.returncode, stdout, stderr)


def _report(exit_code, stdout, stderr):
    try:
        document = json.loads(stdout.decode("utf-8"))
    except ValueError:
        said = stderr.decode("utf-8", "replace")[-2000:]
        raise GoldenUnavailable("golden run ended with %s and no report\n%s" % (exit_code, said)) from None
    error = document.get("error") if isinstance(document, dict) else None
    if error is not None:
        raise GoldenUnavailable("%(message)s [%(code)s]\nnext: %(next_step)s" % error)
    _scenarios(document)
    return document


def _scenarios(report):
    if not isinstance(report, dict) or not isinstance(report.get("scenarios"), list):
        raise TypeError("this is no report of golden run")
    return report["scenarios"]


def _describe(scenario):
    """The step that broke a scenario: its code, what was expected, what was there, and what to do."""
    for step in scenario["steps"]:
        if step["verdict"] != "pass":
            lines = ["  %s/%s: %s" % (scenario["name"], step["id"], step["verdict"])]
            for problem in step["problems"]:
                lines.append("    [%(code)s] %(message)s" % problem)
                if "expected" in problem or "actual" in problem:
                    values = problem.get("expected", "nothing"), problem.get("actual", "nothing")
                    lines.append("      expected %s, got %s" % values)
                lines.append("      next: %(next_step)s" % problem)
            return "\n".join(lines)
    return "  %s: %s" % (scenario["name"], scenario["verdict"])
