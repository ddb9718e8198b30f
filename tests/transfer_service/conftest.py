"""A transfer service among servers that do what a test tells them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.transfer_service.world import World
from transfer_service import app, leases
from transfer_service.config import TransferServiceConfig


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew leases often, though they last for long: a busy machine must not lose them."""
    monkeypatch.setattr(leases, "_BEAT_SECONDS", 0.1)


@pytest.fixture
def world() -> Iterator[World]:
    """Serve a catalogue, a neighbour and an agent."""
    world = World()
    yield world
    world.close()


@pytest.fixture
def start(world: World, tmp_path: Path) -> Iterator[Callable[..., app.TransferService]]:
    """Start transfer services that stop when the test ends."""
    token_file = tmp_path / "transfer.token"
    token_file.write_text("lib_transfer\n")

    with ExitStack() as stack:

        def start(**settings: Any) -> app.TransferService:
            config = TransferServiceConfig(
                listen="127.0.0.1:0",
                catalog_address=world.catalog_address,
                token_file=token_file,
                **{"workers": 1, **settings},
            )
            service = app.start(config)
            stack.callback(service.stop, 0)
            return service

        yield start
