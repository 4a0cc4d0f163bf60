"""What the package exports, and what importing it does not do."""

import json
import unittest

import modules.agent_runtime as runtime
from modules.agent_runtime.tests.planes import PlaneCase, python

NAMES = """AgentMemory AgentRunner CapabilityEnforcer CapabilityViolation LedgerWriter PackageNotFoundError
PromptBuilder SandboxError Session SessionError TurnRequest TurnResult TurnSandbox""".split()


class Surface(unittest.TestCase):
    def test_names(self) -> None:
        for name in NAMES:
            self.assertEqual(getattr(runtime, name).__name__, name)
        self.assertEqual(runtime.__version__, "1.0.0")
        self.assertEqual(set(runtime.__all__), {*NAMES, "__version__"})
        with self.assertRaises(AttributeError):
            runtime.Nothing  # noqa: B018

    def test_importing_stays_inside_the_package(self) -> None:
        code = """
import json, sys
import modules.agent_runtime
from modules.agent_runtime import AgentRunner, Session
from modules.agent_runtime.capability import CapabilityEnforcer
import modules.agent_runtime.ledger, modules.agent_runtime.memory, modules.agent_runtime.prompt_builder
caps = {'read': ['ledger/*.jsonl'], 'write': [], 'execute': [], 'forbidden': []}
assert CapabilityEnforcer(caps).check('read', 'ledger/governance.jsonl') is True
print(json.dumps([name for name in sys.modules if name.startswith('modules.')]))
"""
        done = python("-c", code)
        self.assertEqual(done.returncode, 0, done.stderr)
        loaded = json.loads(done.stdout)
        self.assertIn("modules.agent_runtime.runner", loaded)
        outside = [name for name in loaded if not name.startswith("modules.agent_runtime")]
        self.assertEqual(outside, [])

    def test_running_the_ledger_warns_about_nothing(self) -> None:
        done = python("-W", "error", "-m", "modules.agent_runtime.ledger", "verify", "--stream", "/nowhere/x.jsonl")
        self.assertEqual((done.returncode, done.stderr), (1, b""))


class Sandboxes(PlaneCase):
    def test_a_sandbox_of_its_own(self) -> None:
        outputs = [{"path": "output/<sid>/a.txt", "role": "x"}]
        with runtime.TurnSandbox("SES-1", outputs, self.root) as sandbox:
            (sandbox.output_path / "a.txt").write_text("a")
            writes, exact = sandbox.verify_writes()
            self.assertTrue(exact)
        self.assertEqual([(write["path"], write["size"]) for write in writes], [("output/SES-1/a.txt", 1)])
        self.assertEqual(sandbox.verify_and_raise(), writes)

    def test_a_mismatch_is_raised_with_its_paths(self) -> None:
        with runtime.TurnSandbox("SES-1", [{"path": "output/<sid>/a.txt"}], self.root) as sandbox:
            (sandbox.output_path / "b.txt").write_text("b")
        with self.assertRaises(runtime.SandboxError) as caught:
            sandbox.verify_and_raise()
        self.assertEqual(caught.exception.details["undeclared_writes"], ["output/SES-1/b.txt"])
        self.assertEqual(caught.exception.details["missing_writes"], ["output/SES-1/a.txt"])
        self.assertEqual(sandbox.verify_writes()[1], False)

    def test_session_ids_are_checked(self) -> None:
        for session_id in ("../x", "a/b", ""):
            with self.assertRaises(runtime.SessionError):
                runtime.TurnSandbox(session_id, [], self.root)

    def test_the_hook_is_quiet_after_the_block(self) -> None:
        with runtime.TurnSandbox("SES-1", [], self.root), self.assertRaises(runtime.CapabilityViolation):
            open(self.root / "lib" / "x", "w")
        (self.root / "lib" / "x").write_text("fine")


if __name__ == "__main__":
    unittest.main()
