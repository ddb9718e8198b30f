"""Completing uploads, however often they are asked for and whoever asks."""

import threading
import time
from collections.abc import Mapping, Sequence

from catalog_service.database import Transactions
from catalog_service.ingest_round import Answer, IngestRound
from catalog_service.upload_agents import UploadAgents
from librarian.errors import BusyError

# Longer than a claim lasts: a repeated call takes over from a worker that died elsewhere.
BUSY_WAIT_SECONDS = 20.0

_FIRST_PAUSE_SECONDS = 0.05
# Each try costs a transaction and a call to an agent.
_LONGEST_PAUSE_SECONDS = 1.0


class Ingest:
    """Completes uploads for clients, and for the catalogue's own sweeper."""

    def __init__(self, transactions: Transactions, agents: UploadAgents) -> None:
        self._transactions = transactions
        self._agents = agents

    def complete(self, checksums: Mapping[str, str], account_name: str) -> dict[str, Answer]:
        """Complete an account's uploads, given by id with what was sent, or "" if not known.

        Returns the file on record or what went wrong for each. Waits a while for others that are
        completing the same uploads, or uploads of the same names.
        """
        answers: dict[str, Answer] = {}
        deadline = time.monotonic() + BUSY_WAIT_SECONDS
        waiting = dict(checksums)
        pause_seconds = _FIRST_PAUSE_SECONDS
        while waiting:
            answers |= IngestRound(self._transactions, self._agents, waiting, account_name).run()
            waiting = {k: v for k, v in waiting.items() if isinstance(answers[k], BusyError)}
            if time.monotonic() >= deadline:
                break
            if waiting:
                threading.Event().wait(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        return answers

    def finish(self, upload_ids: Sequence[str]) -> dict[str, Answer]:
        """Complete uploads that no one else does, whoever's they are; wait for nobody."""
        return IngestRound(
            self._transactions, self._agents, dict.fromkeys(upload_ids, ""), None
        ).run()
