"""Servers and connections that end with the test."""

import pytest

from librarian.client.channel import Connection
from librarian.service.config import ListenConfig
from librarian.service.server import serve
from librarian.v1 import files_pb2_grpc, search_pb2_grpc
from tests.python_client.service.example_service import Files, Search, authenticate


@pytest.fixture
def files():
    return Files()


@pytest.fixture
def start(files):
    """Start servers that stop when the test ends."""
    running = []

    def add(server):
        files_pb2_grpc.add_FilesServicer_to_server(files, server)
        search_pb2_grpc.add_SearchServicer_to_server(Search(), server)
        return ["librarian.v1.Files", "librarian.v1.Search"]

    def start(**settings):
        listen = ListenConfig(**{"listen": "127.0.0.1:0", **settings})
        running.append(serve(listen, add_servicers=add, authenticate=authenticate))
        return running[-1]

    yield start
    files.release.set()
    for server in running:
        server.stop(0)


@pytest.fixture
def connect():
    """Connect to servers; the connections end with the test."""
    connections = []

    def connect(server, token="good", **settings):
        connections.append(Connection(server.address, token=token, **settings))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()
