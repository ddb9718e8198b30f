import os
import subprocess
import sys
from pathlib import Path

import pytest

from librarian.client.channel import Connection
from librarian.errors import NotAllowedError, NotSignedInError
from librarian.service.tickets import Ticket, new_ticket_key, sign_ticket
from librarian.v1 import store_agent_pb2 as pb
from librarian.v1 import store_agent_pb2_grpc
from store_agent.rpc.tickets import NEEDED_ACTIONS, authenticator
from tests.store_agent.running_agent import Agent

STREAMED = {"WriteContents", "EndStaging"}


def call(agent: Agent, method: str, token: str | None) -> None:
    connection = Connection(agent.running.address, token=token)
    try:
        stub = connection.stub(store_agent_pb2_grpc.StoreAgentStub)
        request = getattr(pb, f"{method}Request")()
        answer = getattr(stub, method)(iter([request]) if method in STREAMED else request)
        if not hasattr(answer, "DESCRIPTOR"):
            list(answer)
    finally:
        connection.close()


@pytest.mark.parametrize("method", NEEDED_ACTIONS)
def test_no_method_can_be_called_without_its_own_ticket(agent: Agent, method: str) -> None:
    with pytest.raises(NotSignedInError):
        call(agent, method, None)
    with pytest.raises(NotSignedInError):
        call(agent, method, sign_ticket(new_ticket_key(), Ticket("manage"), 600))
    enough = {NEEDED_ACTIONS[method]} | ({"manage"} if method == "CheckInstances" else set())
    for action in {"manage", "write", "read"} - enough:
        ticket = sign_ticket(agent.running.parts.ticket_key, Ticket(action), 600)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            call(agent, method, ticket)


def test_a_ticket_that_has_expired_is_no_ticket(agent: Agent) -> None:
    expired = sign_ticket(agent.running.parts.ticket_key, Ticket("manage"), -1000)
    with pytest.raises(NotSignedInError):
        call(agent, "CheckDestination", expired)


def test_any_ticket_lets_its_bearer_see_what_is_served(agent: Agent) -> None:
    ticket = sign_ticket(agent.running.parts.ticket_key, Ticket("read", "s1\nzen.uvh5"), 600)
    let_in = authenticator(agent.running.parts.ticket_key)
    method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    assert let_in(method, ticket).signed_in
    with pytest.raises(NotSignedInError):
        let_in(method, None)


CONFIG = """
[store_agent]
listen = "127.0.0.1:0"
token_file = "{0}/token"
store_prefixes = ["{0}/stores"]
catalog_address = "127.0.0.1:1"
"""


def run_agent(tmp_path: Path, config: str) -> subprocess.Popen[str]:
    file = tmp_path / "site.toml"
    file.write_text(config.format(tmp_path))
    return subprocess.Popen(
        [sys.executable, "-m", "store_agent", "--config", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LIBRARIAN_DIE_WITH_PARENT": "1"},
    )


def test_the_process_says_where_it_listens_and_ends_when_told(tmp_path: Path) -> None:
    with run_agent(tmp_path, CONFIG) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on 127.0.0.1:")
        process.terminate()
        assert (process.stdout.read(), process.wait(timeout=100)) == ("", 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('store_prefixs = ["/x"]', "did you mean 'store_prefixes'"),
        ('staging_prefix = "relative"', "absolute"),
        ('tls_cert_file = "/x"', "tls_key_file"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(tmp_path: Path, line: str, said: str) -> None:
    with run_agent(tmp_path, CONFIG + line) as process:
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 1
    assert said in errors
    assert "Traceback" not in errors
