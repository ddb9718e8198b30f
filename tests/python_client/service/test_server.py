"""A server as all services run it, over a real channel."""

import logging
from typing import Any

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from librarian.errors import (
    LibrarianError,
    NotAllowedError,
    NotReachableError,
    NotSignedInError,
    UnknownFileError,
    WaitTimedOutError,
)
from librarian.service.config import ConfigError
from librarian.v1 import search_pb2, search_pb2_grpc
from tests.python_client.service.example_service import get_file


def test_a_call_reaches_its_servicer_with_its_caller(start, connect):
    assert get_file(connect(start()), "zen").source == "somebody"


def test_an_error_comes_back_as_its_class_with_its_sentence(start, connect):
    with pytest.raises(UnknownFileError, match="No file is called 'unknown'"):
        get_file(connect(start()), "unknown")


def test_an_error_of_far_too_many_words_still_comes_back_as_its_class(start, connect):
    with pytest.raises(UnknownFileError, match=r"What is wrong: ☄%☄.*…$"):
        get_file(connect(start()), "long")


def test_an_error_in_a_stream_comes_after_what_was_streamed(start, connect):
    stream = (
        connect(start())
        .stub(search_pb2_grpc.SearchStub)
        .SearchFiles(search_pb2.SearchFilesRequest(search="{}"))
    )
    assert [next(stream).files[0].name, next(stream).files[0].name] == ["a", "b"]
    with pytest.raises(UnknownFileError, match="No more"):
        next(stream)


def test_an_internal_error_tells_the_caller_nothing_but_where_to_look(start, connect, caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(LibrarianError) as caught:
        get_file(connect(start()), "broken")
    assert "hunter2" not in str(caught.value)
    assert "hunter2" in caplog.text
    assert str(caught.value).split()[-1].rstrip(".") in caplog.text


@pytest.mark.parametrize("token", [None, "wrong", "gooder"])
def test_a_call_without_a_valid_token_is_refused_and_logged_without_it(
    start, connect, caplog, token
):
    with caplog.at_level(logging.INFO), pytest.raises(NotSignedInError):
        get_file(connect(start(), token=token), "zen")
    assert "NOT_SIGNED_IN" in caplog.text
    assert token is None or token not in caplog.text


def test_a_call_that_takes_too_long_says_that_it_may_still_happen(start, connect):
    with pytest.raises(WaitTimedOutError, match="may still"):
        get_file(connect(start()), "slow", timeout=0.3)


def test_a_port_at_which_nothing_listens_is_not_reachable(start, connect):
    server = start()
    server.stop(0)
    with pytest.raises(NotReachableError, match=server.address):
        get_file(connect(server), "zen")


def test_health_answers_without_a_token(start):
    with grpc.insecure_channel(start().address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="librarian.v1.Files")
        assert health.Check(request).status == health_pb2.HealthCheckResponse.SERVING
        assert next(health.Watch(request)).status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_answers_who_is_signed_in(start):
    with grpc.insecure_channel(start().address) as channel:
        [answer] = _reflect(channel, [_LIST_SERVICES], "good")
        names = [service.name for service in answer.list_services_response.service]
        assert "librarian.v1.Files" in names
        with pytest.raises(grpc.RpcError) as caught:
            list(_reflect(channel, [_LIST_SERVICES], "bad"))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


_LIST_SERVICES = reflection_pb2.ServerReflectionRequest(list_services="")


def _reflect(channel, requests, token):
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    return stub.ServerReflectionInfo(iter(requests), metadata=metadata)


def test_a_second_server_cannot_share_the_port(start):
    with pytest.raises(ConfigError, match="in use"):
        start(listen=start().address)


def test_listening_beyond_loopback_without_tls_is_refused_unless_said_in_words(start):
    with pytest.raises(ConfigError, match="allow_plaintext"):
        start(listen="0.0.0.0:0")
    assert start(listen="0.0.0.0:0", allow_plaintext=True).port > 0


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate for localhost, and return the paths of authority, certificate and key."""
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    return tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"


def test_tls_serves_who_trusts_the_certificate_and_no_one_in_plaintext(start, connect, certificate):
    ca_file, cert_file, key_file = certificate
    server = start(listen="localhost:0", tls_cert_file=cert_file, tls_key_file=key_file)
    assert get_file(connect(server, tls=True, ca_file=ca_file), "zen").name == "zen"
    for settings in ({}, {"tls": True}):
        with pytest.raises(NotReachableError):
            get_file(connect(server, **settings), "zen")


def test_half_a_tls_configuration_is_refused(start, certificate):
    with pytest.raises(ConfigError, match="both"):
        start(tls_cert_file=certificate[1])


def test_a_call_that_is_not_allowed_says_so(start, connect, files):
    def refuse(request, context):
        raise NotAllowedError("Account 'somebody' may not.")

    files.GetFile = refuse
    with pytest.raises(NotAllowedError, match="may not"):
        get_file(connect(start()), "zen")
