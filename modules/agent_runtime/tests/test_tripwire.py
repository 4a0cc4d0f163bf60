"""Operations a turn may not do are refused as they happen, wherever a handler hides them."""

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

from modules.agent_runtime.tests.planes import lines_of
from modules.agent_runtime.tests.turns import OUTPUT, RunnerCase, write_answer


class Refused(RunnerCase):
    def check(self, act, operation: str, number: int = 1) -> None:  # type: ignore[no-untyped-def]
        """The act is refused loudly, and equally when the handler swallows the refusal."""

        def loud(request, turn):  # type: ignore[no-untyped-def]
            act(turn)

        def quiet(request, turn):  # type: ignore[no-untyped-def]
            try:
                act(turn)
            except BaseException:
                pass
            return "all is well"

        before = tree(self.root / "lib")
        for handler in (loud, quiet):
            done = self.turn(handler)
            self.assertEqual((done.status, done.error["code"]), ("error", "CAPABILITY_VIOLATION"), done)
            self.assertEqual(done.error["details"]["operation"], operation)
        self.assertEqual(tree(self.root / "lib"), before)
        kinds = [entry["event_type"] for entry in lines_of(self.ledgers()[0])]
        self.assertIn("capability_violation", kinds)

    def test_undeclared_writes(self) -> None:
        target = self.root / "lib" / "evil.py"
        there = self.root / "lib" / "code.txt"
        acts = {
            "open": lambda turn: open(target, "w"),
            "append": lambda turn: open(there, "a"),
            "update": lambda turn: open(there, "r+"),
            "os.open": lambda turn: os.open(target, os.O_CREAT | os.O_WRONLY),
            "dots": lambda turn: open(turn.output_path / ".." / ".." / "lib" / "evil.py", "w"),
            "bytes": lambda turn: open(os.fsencode(target), "w"),
            "remove": lambda turn: os.remove(there),
            "rename away": lambda turn: os.rename(there, turn.output_path / "a.txt"),
            "rename onto": lambda turn: (write_answer(None, turn), os.replace(turn.output_path / "a.txt", there)),
            "mkdir": lambda turn: os.mkdir(self.root / "lib" / "d"),
            "rmdir": lambda turn: os.rmdir(self.root / "reports"),
            "rmtree": lambda turn: shutil.rmtree(self.root / "lib"),
            "truncate": lambda turn: os.truncate(there, 0),
            "chmod": lambda turn: os.chmod(there, 0o777),
            "symlink": lambda turn: os.symlink(there, turn.output_path / "l"),
            "hard link": lambda turn: os.link(there, turn.output_path / "l"),
            "database": lambda turn: sqlite3.connect(target),
            "outside the plane": lambda turn: tempfile.NamedTemporaryFile(),
            "own ledger": lambda turn: open(self.ledgers()[0], "a"),
            "other session": lambda turn: open(self.root / "output" / "SES-9", "w"),
        }
        for name, act in acts.items():
            with self.subTest(name):
                self.check(act, "write")
        self.assertTrue((self.root / "reports").is_dir())

    def test_a_link_that_was_there_does_not_help(self) -> None:
        self.turn(lambda r: 1)
        (self.root / "output" / self.sid / "way").symlink_to(self.root / "lib")
        self.check(lambda turn: open(turn.output_path / "way" / "evil.py", "w"), "write")

    def test_undeclared_reads(self) -> None:
        (self.home / "key").write_text("k")
        acts = {
            "plain": lambda turn: open(self.root / "lib" / "code.txt"),
            "forbidden": lambda turn: open(self.root / "docs" / "secret" / "key.txt"),
            "manifest": lambda turn: open(self.root / "config" / "plane.toml"),
            "lock": lambda turn: open(str(self.ledgers()[0]) + ".lock"),
            "keys": lambda turn: open(self.home / "key"),
        }
        self.turn(lambda r: 1)
        for name, act in acts.items():
            with self.subTest(name):
                self.check(act, "read")

    def test_a_read_capability_for_everything_has_its_limits(self) -> None:
        self.install({"read": ["**"], "forbidden": ["docs/secret/**"]})
        self.turn(lambda r: 1)
        lock = str(self.ledgers()[0]) + ".lock"
        self.check(lambda turn: open(lock), "read")
        self.check(lambda turn: open(self.root / "docs" / "secret" / "key.txt"), "read")
        self.assertEqual(self.turn(lambda r, turn: (turn.root / "lib" / "code.txt").read_text()).result, "c")

    def test_undeclared_commands(self) -> None:
        acts = {
            "program": lambda turn: subprocess.run(["true"], check=False),
            "shell": lambda turn: subprocess.run("true", shell=True, check=False),
            "system": lambda turn: os.system("true"),
            "fork": lambda turn: os.fork(),
            "exec": lambda turn: os.execv("/bin/true", ["true"]),
            "spawn": lambda turn: os.posix_spawn("/bin/true", ["true"], {}),
            "disguised": lambda turn: subprocess.run(["python3", "-c", "1"], executable="/bin/true", check=False),
            "directory": lambda turn: os.chdir("/"),
        }
        for name, act in acts.items():
            with self.subTest(name):
                self.check(act, "execute")

    def test_threads_of_a_handler_are_watched_to_their_end(self) -> None:
        done = threading.Event()
        self.addCleanup(done.set)
        late = []

        def act(turn):  # type: ignore[no-untyped-def]
            thread = threading.Thread(target=(self.root / "lib" / "evil.py").write_text, args=("evil",))
            thread.start()
            thread.join()

        hook, threading.excepthook = threading.excepthook, lambda arguments: None
        self.addCleanup(setattr, threading, "excepthook", hook)
        self.check_thread(act)

        def lingering() -> None:
            done.wait(10)
            try:
                open(self.root / "output" / self.sid / "late.txt", "w").close()
            except BaseException as error:
                late.append(type(error).__name__)

        threads = []

        def leave_behind(request, turn):  # type: ignore[no-untyped-def]
            threads.append(threading.Thread(target=lingering))
            threads[0].start()

        self.assertEqual(self.turn(leave_behind, number=2).status, "ok")
        done.set()
        threads[0].join()
        self.assertEqual(late, ["CapabilityViolation"])

    def check_thread(self, act) -> None:  # type: ignore[no-untyped-def]
        result = self.turn(lambda request, turn: act(turn))
        self.assertEqual(result.error["code"], "CAPABILITY_VIOLATION")
        self.assertFalse((self.root / "lib" / "evil.py").exists())


class Allowed(RunnerCase):
    def test_ordinary_work(self) -> None:
        (self.root / "ledger").mkdir()
        (self.root / "ledger" / "governance.jsonl").write_text("{}\n")

        def work(request, turn):  # type: ignore[no-untyped-def]
            import wave  # noqa: F401 - an import in the middle of a turn

            with tempfile.TemporaryDirectory(dir=turn.tmp_path) as scratch:
                with open(os.path.join(scratch, "x"), "w") as target:
                    target.write("x")
            (turn.output_path / "deep" / "er").mkdir(parents=True, exist_ok=True)
            (turn.output_path / "deep" / "er" / "a.txt").write_text("a")
            with open(os.devnull, "w") as nothing:
                nothing.write("x")
            sqlite3.connect(":memory:").close()
            command = [sys.executable, "-c", "print(1)"]
            said = subprocess.run(command, env=dict(turn.env), stdout=subprocess.PIPE, check=True).stdout
            texts = [(turn.root / name).read_text() for name in ("docs/a.txt", "ledger/governance.jsonl")]
            return [said.decode(), *texts]

        done = self.turn(work, outputs=[{"path": "output/<sid>/deep/er/a.txt", "role": "x"}])
        self.assertEqual((done.error, done.result), (None, ["1\n", "a", "{}\n"]))

    def test_imports_of_plane_modules_work_and_leave_no_bytecode(self) -> None:
        package = self.root / "modules" / "plane_probe"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("VALUE = 7\n")
        sys.path.insert(0, str(package.parent))
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
        self.addCleanup(setattr, sys, "dont_write_bytecode", before)
        self.addCleanup(sys.path.remove, str(package.parent))

        def work(request):  # type: ignore[no-untyped-def]
            import plane_probe  # type: ignore[import-not-found]

            return plane_probe.VALUE

        done = self.turn(work)
        self.assertEqual((done.error, done.result), (None, 7))
        self.assertEqual(os.listdir(package), ["__init__.py"])

    def test_other_threads_are_not_judged(self) -> None:
        go, done = threading.Event(), threading.Event()
        path = self.root.parent / "unrelated.txt"

        def other() -> None:
            go.wait(10)
            path.write_text("fine")
            done.set()

        thread = threading.Thread(target=other)
        thread.start()

        def handler(request):  # type: ignore[no-untyped-def]
            go.set()
            return done.wait(10)

        self.assertIs(self.turn(handler).result, True)
        thread.join()
        path.write_text("after the turn too")


class FoundAfterwards(RunnerCase):
    def test_a_write_the_tripwire_cannot_see_is_found_by_comparison(self) -> None:
        libc = ctypes.CDLL(None)

        def native(request, turn):  # type: ignore[no-untyped-def]
            fd = libc.open(os.fsencode(turn.root / "lib" / "evil.py"), os.O_CREAT | os.O_WRONLY, 0o644)
            libc.close(fd)
            libc.unlink(os.fsencode(turn.root / "docs" / "a.txt"))

        done = self.turn(native)
        self.assertEqual(done.error["code"], "WRITE_SURFACE_MISMATCH")
        self.assertEqual(done.error["details"]["undeclared_writes"], ["lib/evil.py"])
        self.assertEqual(done.error["details"]["removed_paths"], ["docs/a.txt"])

    def test_a_write_of_a_permitted_command_is_found(self) -> None:
        target = self.root / "lib" / "evil.py"
        self.install({"execute": ["python3 -c **"], "write": ["output/<sid>/**"]})
        command = [sys.executable, "-c", f"open({str(target)!r}, 'w')"]
        done = self.turn(lambda request, turn: subprocess.run(command, env=dict(turn.env), check=True) and None)
        self.assertEqual(done.error["details"]["undeclared_writes"], ["lib/evil.py"])

    def test_declared_output_that_is_no_regular_file(self) -> None:
        def pipe(request, turn):  # type: ignore[no-untyped-def]
            os.mkfifo(turn.output_path / "a.txt")

        done = self.turn(pipe, outputs=[OUTPUT])
        self.assertEqual(done.error["details"]["missing_writes"], [f"output/{self.sid}/a.txt"])


def tree(folder):  # type: ignore[no-untyped-def]
    return sorted((str(path), path.stat().st_mode, path.read_bytes()) for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    unittest.main()
