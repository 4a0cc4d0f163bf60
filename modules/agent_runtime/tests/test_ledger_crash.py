"""Four processes append to one stream and are killed at random: no acknowledged entry is lost, the chain holds."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

from modules.agent_runtime.ledger import append
from modules.agent_runtime.ledger_read import verify_stream
from modules.agent_runtime.tests.planes import REPOSITORY, PlaneCase, event, lines_of

WRITERS = 4
KILLS = 12


class Killed(PlaneCase):
    def test_acknowledged_entries_survive(self) -> None:
        stream = self.root / "ledger" / "governance.jsonl"
        dice = random.Random(20261121)
        acknowledged: "list[bytes]" = []
        readers = []

        def listen(process: "subprocess.Popen[bytes]") -> None:
            assert process.stdout is not None
            with process.stdout as lines:
                acknowledged.extend(lines)

        def start() -> "subprocess.Popen[bytes]":
            command = [sys.executable, "-B", "-m", "modules.agent_runtime.ledger", "append", "--root", str(self.root)]
            command += ["--stream", "ledger/governance.jsonl", "--event-type", "X", "--submission-id", "Y"]
            command += ["--decision", "Z", "--reason", "R", "--count", "100000"]
            command += ["--metadata", json.dumps({"pad": "x" * 900})]
            process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE)
            reader = threading.Thread(target=listen, args=(process,))
            reader.start()
            readers.append(reader)
            return process

        running = [start() for _ in range(WRITERS)]
        try:
            while not stream.exists() or stream.stat().st_size < 20_000:
                time.sleep(0.01)
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.02, 0.12))
                at = dice.randrange(WRITERS)
                os.kill(running[at].pid, signal.SIGKILL)
                running[at].wait()
                running[at] = start()
            time.sleep(0.3)
        finally:
            for process in running:
                process.kill()
                process.wait()
            for reader in readers:
                reader.join()
        append(stream, [event("last")], root=self.root)

        report = verify_stream(stream, self.root)
        self.assertTrue(report["valid"], report)
        self.assertEqual(report["uncovered"], 0)
        stored = {entry["id"] for entry in lines_of(stream)}
        complete = [json.loads(line)["id"] for line in acknowledged if line.endswith(b"\n")]
        self.assertGreater(len(complete), 50)
        self.assertEqual([found for found in complete if found not in stored], [])
        self.assertEqual(len(stored), report["entries"])


if __name__ == "__main__":
    unittest.main()
