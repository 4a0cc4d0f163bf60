"""Sessions: ids that cannot escape, links refused, order of calls."""

import os
import re
import shutil
import unittest

from modules.agent_runtime import Session, SessionError
from modules.agent_runtime.session import new_session_id
from modules.agent_runtime.tests.planes import PlaneCase


class Ids(PlaneCase):
    def test_ids_that_could_escape_are_refused_and_nothing_is_made(self) -> None:
        before = sorted(os.listdir(self.root.parent))
        bad = ("../../../../esc", "..", ".", "", "a/b", "a\\b", "-a", ".a", "a..b", "a\n", "a\x00", "x" * 129, None, 3)
        for session_id in bad:
            if session_id is None:
                continue
            with self.subTest(session_id=session_id), self.assertRaises(SessionError):
                Session(session_id=session_id, root=self.root)  # type: ignore[arg-type]
        self.assertEqual(sorted(os.listdir(self.root.parent)), before)
        self.assertFalse((self.root / "planes").exists())

    def test_tiers(self) -> None:
        self.assertEqual(Session(tier="HO2", root=self.root).tier, "ho2")
        for tier in ("../ho1", "ho4", "", None, "ho1\n"):
            with self.subTest(tier=tier), self.assertRaises(SessionError):
                Session(tier=tier, root=self.root)  # type: ignore[arg-type]

    def test_form_of_new_ids(self) -> None:
        self.assertRegex(new_session_id(), re.compile(r"\ASES-\d{8}-[0-9a-f]{8}\Z"))
        self.assertRegex(new_session_id("An n/..!"), re.compile(r"\ASES-\d{8}-ann-[0-9a-f]{8}\Z"))


class Life(PlaneCase):
    def test_start_makes_everything_and_refuses_a_second_start(self) -> None:
        session = Session(session_id="SES-1", root=self.root).start()
        self.assertEqual(session.session_path, self.root / "planes" / "ho1" / "sessions" / "SES-1")
        for path in (session.exec_ledger_path, session.evidence_ledger_path):
            self.assertTrue(path.is_file())
        self.assertEqual(session.tmp_path, self.root / "tmp" / "SES-1")
        self.assertEqual(session.output_path, self.root / "output" / "SES-1")
        self.assertTrue(session.tmp_path.is_dir() and session.output_path.is_dir())
        with self.assertRaises(SessionError):
            session.start()
        session.end()
        with self.assertRaises(SessionError):
            session.end()

    def test_context_manager_and_turn_counter(self) -> None:
        with Session(root=self.root) as session:
            self.assertTrue(session.started)
            self.assertEqual([session.increment_turn(), session.increment_turn()], [1, 2])
        self.assertFalse(session.started)

    def test_links_on_the_way_are_refused(self) -> None:
        elsewhere = self.root.parent / "elsewhere"
        elsewhere.mkdir()
        for name in ("planes", "tmp", "planes/ho1/sessions", "planes/ho1/sessions/SES-1", "tmp/SES-1", "output"):
            with self.subTest(name=name):
                shutil.rmtree(self.root / "planes", ignore_errors=True)
                link = self.root / name
                if link.is_dir():
                    link.rmdir()
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(elsewhere)
                with self.assertRaises(SessionError):
                    Session(session_id="SES-1", root=self.root).start()
                link.unlink()
        self.assertEqual(list(elsewhere.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
