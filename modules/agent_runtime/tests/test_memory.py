"""Memory: the newest entries, verified as they are read."""

import hashlib
import json
import unittest

from modules.agent_runtime import AgentMemory, PromptBuilder, SessionError
from modules.agent_runtime.ledger import LedgerDamaged, append
from modules.agent_runtime.tests.planes import PlaneCase, event


class MemoryCase(PlaneCase):
    def setUp(self) -> None:
        super().setUp()
        self.stream = self.root / "planes" / "ho1" / "ledger" / "worker.jsonl"
        self.memory = AgentMemory("ho1", self.root)

    def add(self, *kinds):  # type: ignore[no-untyped-def]
        return append(self.stream, [event(kind, n=n) for n, kind in enumerate(kinds)]).entries

    def break_line(self, number: int) -> None:
        lines = self.stream.read_bytes().splitlines(keepends=True)
        lines[number - 1] = lines[number - 1].replace(b'"decision": "OK"', b'"decision": "NO"')
        self.stream.write_bytes(b"".join(lines))


class Reading(MemoryCase):
    def test_limit_keeps_the_newest(self) -> None:
        self.add(*["probe"] * 1500)
        numbers = [entry["metadata"]["n"] for entry in self.memory.get_recent_entries(limit=3)]
        self.assertEqual(numbers, [1497, 1498, 1499])
        numbers = [entry["metadata"]["n"] for entry in self.memory.reconstruct_context().recent_events]
        self.assertEqual(numbers, list(range(1400, 1500)))
        self.assertEqual([entry["metadata"]["n"] for entry in self.memory.replay_ledger(limit=2)], [1498, 1499])
        self.assertEqual(self.memory.get_recent_entries(limit=0), [])

    def test_event_type_is_found_behind_many_others(self) -> None:
        self.add("rare", *["probe"] * 1200)
        self.assertEqual(len(self.memory.get_recent_entries(limit=5, event_type="rare")), 1)

    def test_since(self) -> None:
        first = self.add("a", "b")
        self.add("c")
        later = self.memory.reconstruct_context(since=first[-1]["timestamp"]).recent_events
        self.assertEqual([entry["event_type"] for entry in later], ["c"])
        replayed = self.memory.replay_ledger(since=first[-1]["timestamp"])
        self.assertEqual([entry["event_type"] for entry in replayed], ["c"])

    def test_a_torn_tail_is_not_an_entry(self) -> None:
        self.add("a")
        with open(self.stream, "ab") as target:
            target.write(b'{"event')
        self.assertEqual(len(self.memory.get_recent_entries()), 1)
        self.assertEqual(len(self.memory.replay_ledger()), 1)
        self.assertTrue(self.memory.integrity.valid)

    def test_no_ledger_proves_nothing(self) -> None:
        context = self.memory.reconstruct_context()
        self.assertEqual((context.baseline, context.recent_events, context.integrity.lines), (None, [], 0))


class Integrity(MemoryCase):
    def test_a_changed_line_is_reported_on_every_way_to_read(self) -> None:
        self.add("a", "b", "c", "d")
        self.break_line(3)
        self.memory.get_recent_entries()
        self.assertEqual((self.memory.integrity.valid, self.memory.integrity.problem), (False, "HASH_MISMATCH"))
        self.assertFalse(self.memory.reconstruct_context().integrity.valid)
        self.assertEqual([entry["event_type"] for entry in self.memory.replay_ledger()], ["a", "b", "d"])
        self.assertFalse(self.memory.integrity.valid)
        with self.assertRaises(LedgerDamaged):
            self.memory.replay_ledger(strict=True)

    def test_a_missing_line_is_reported(self) -> None:
        self.add("a", "b", "c")
        lines = self.stream.read_bytes().splitlines(keepends=True)
        for kept in ([0, 2], [1, 2]):
            self.stream.write_bytes(b"".join(lines[index] for index in kept))
            self.memory.get_recent_entries()
            self.assertEqual(self.memory.integrity.problem, "CHAIN_BROKEN", kept)
            self.memory.replay_ledger()
            self.assertEqual(self.memory.integrity.problem, "CHAIN_BROKEN", kept)

    def test_an_intact_ledger(self) -> None:
        self.add("a", "b", "c")
        self.memory.get_recent_entries()
        self.assertEqual((self.memory.integrity.valid, self.memory.integrity.lines), (True, 3))


class Checkpoints(MemoryCase):
    def test_the_newest_checkpoint_is_the_baseline(self) -> None:
        self.assertIsNone(self.memory.find_checkpoint())
        self.add("version_checkpoint", "a", "version_checkpoint", "b", "c")
        context = self.memory.reconstruct_context()
        assert context.baseline is not None
        self.assertEqual(context.baseline["metadata"]["n"], 2)
        self.assertEqual([entry["event_type"] for entry in context.recent_events], ["b", "c"])
        first = self.memory.replay_ledger()[0]
        found = self.memory.find_checkpoint(before=first["timestamp"])
        self.assertEqual(found, first)

    def test_a_checkpoint_of_the_plane_counts_for_lower_tiers(self) -> None:
        append(self.root / "ledger" / "governance.jsonl", [event("version_checkpoint")])
        self.assertIsNotNone(self.memory.find_checkpoint())


class OlderLines(MemoryCase):
    def test_flat_session_lines_are_read(self) -> None:
        path = self.root / "old.jsonl"
        previous, lines = "", []
        for number in (1, 2):
            entry = {
                "event_type": "agent_turn", "session_id": "S", "turn_number": number, "timestamp": f"2026-01-0{number}",
                "query_hash": "q", "result_hash": "r", "status": "ok", "previous_hash": previous,
            }  # fmt: skip
            dumped = json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()
            previous = entry["entry_hash"] = "sha256:" + hashlib.sha256(dumped).hexdigest()
            lines.append(json.dumps(entry) + "\n")
        path.write_text("".join(lines))
        self.assertEqual([entry["turn_number"] for entry in self.memory.replay_ledger(path=path)], [1, 2])
        self.assertTrue(self.memory.integrity.valid)
        path.write_text("".join(lines).replace('"turn_number": 2', '"turn_number": 3'))
        self.memory.replay_ledger(path=path)
        self.assertEqual(self.memory.integrity.problem, "HASH_MISMATCH")


class Prompts(MemoryCase):
    def test_context_of_a_turn(self) -> None:
        entry = self.add("a")[0]
        builder = PromptBuilder("ho1", self.root)
        context = builder.build(
            "SES-1", 2, [{"path": "docs/a.txt"}], [{"path": "output/x", "role": "answer"}],
            work_order_id="WO-1", agent_id="echo", capabilities={"read": ["a", "b"], "forbidden": ["c"]},
        )  # fmt: skip
        self.assertEqual(
            context,
            {
                "role": "echo", "tier": "ho1", "session_id": "SES-1", "turn_number": 2,
                "context_as_of": entry["timestamp"], "declared_inputs": [{"path": "docs/a.txt"}],
                "declared_outputs": [{"path": "output/x", "role": "answer"}], "work_order_id": "WO-1",
                "capabilities": {"read": 2, "write": 0, "execute": 0},
            },
        )  # fmt: skip
        page = builder.format_as_markdown(context)
        self.assertTrue(page.startswith("# Agent Context\n"))
        self.assertIn("\n**Session:** SES-1\n", page)
        self.assertEqual(json.loads(builder.format_as_json(context)), context)

    def test_text_cannot_break_out_of_its_line(self) -> None:
        builder = PromptBuilder("ho1", self.root)
        context = builder.build("SES-1", 1, [{"path": "x\n# Injected"}], [], agent_id="a\n## Role")
        self.assertNotIn("\n# Injected", builder.format_as_markdown(context))
        self.assertNotIn("\n## Role", builder.format_as_markdown(context))

    def test_bad_arguments(self) -> None:
        builder = PromptBuilder("ho1", self.root)
        for number in (0, True, "1"):
            with self.assertRaises(ValueError):
                builder.build("SES-1", number, [], [])
        with self.assertRaises(SessionError):
            builder.build("../x", 1, [], [])


if __name__ == "__main__":
    unittest.main()
