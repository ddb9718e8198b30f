"""A service to try servers with: by what is asked for it answers, fails or waits."""

import threading

from librarian.errors import NotSignedInError, UnknownFileError
from librarian.service.calls import Caller, current_caller
from librarian.v1 import files_pb2, files_pb2_grpc, search_pb2, search_pb2_grpc


class Files(files_pb2_grpc.FilesServicer):
    """Answers by the name that is asked for."""

    def __init__(self) -> None:
        self.release = threading.Event()

    def GetFile(self, request, context):
        match request.name:
            case "unknown":
                raise UnknownFileError("No file is called 'unknown'.")
            case "broken":
                raise ValueError("the password is hunter2")
            case "long":
                raise UnknownFileError("What is wrong: " + "☄%" * 10_000)
            case "slow":
                self.release.wait(100)
        return files_pb2.File(name=request.name, source=current_caller().name)


class Search(search_pb2_grpc.SearchServicer):
    """Streams two answers, and then fails."""

    def SearchFiles(self, request, context):
        for name in ("a", "b"):
            yield search_pb2.SearchFilesResponse(files=[files_pb2.File(name=name)])
        raise UnknownFileError("No more.")


def authenticate(method, token):
    if token != "good":
        raise NotSignedInError("The token is not valid.")
    return Caller("somebody")


def get_file(connection, name, **settings):
    stub = connection.stub(files_pb2_grpc.FilesStub)
    return stub.GetFile(files_pb2.GetFileRequest(name=name), **settings)
