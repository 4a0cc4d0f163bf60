"""A ledger stream with a head, in a small plane."""

import json

from modules.agent_runtime.ledger import append
from modules.agent_runtime.tests.planes import PlaneCase, event


class LedgerCase(PlaneCase):
    def setUp(self) -> None:
        super().setUp()
        self.stream = self.root / "ledger" / "governance.jsonl"

    def add(self, *events, **options):  # type: ignore[no-untyped-def]
        return append(self.stream, list(events) or [event()], root=self.root, **options)

    def head(self):  # type: ignore[no-untyped-def]
        return json.loads((self.heads / "ledger__governance.jsonl.json").read_text())
