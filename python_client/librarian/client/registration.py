"""Putting files on record that lie under a store already."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath

from librarian.client.messages import read_registration
from librarian.client.metadata import fill_metadata
from librarian.client.records import MetadataValue, RegistrationProgress
from librarian.client.stores import StoreCalls
from librarian.errors import InvalidRequestError
from librarian.v1 import instances_pb2, instances_pb2_grpc, observations_pb2

_BATCH_PATHS = 1000
# 100,000 large files take long to read, all of them in one call.
_STREAM_TIMEOUT_SECONDS = 7 * 24 * 3600.0


class RegistrationCalls(StoreCalls):
    """How files come on record without being copied."""

    def register(  # noqa: PLR0913 (named one by one by people)
        self,
        store: str,
        paths: Iterable[str],
        *,
        recursive: bool = False,
        parent_dirs: str = "",
        null_obsid: bool = False,
        obsid: int | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
    ) -> Iterator[RegistrationProgress]:
        """Put files on record that lie under a store, and yield what became of each batch.

        Paths are absolute, or relative to `parent_dirs` under the store's root. With `recursive`
        the files below each path are meant; `metadata` are those of files that are new. Doing it
        again changes nothing. Nothing happens
        until the answers are read; they hold back the paths that are sent.
        """
        if isinstance(paths, str):
            raise InvalidRequestError("Give a list of paths, not a single text.")
        first = instances_pb2.RegisterInstancesRequest(
            store_name=store, recursive=recursive, null_obsid=null_obsid
        )
        fill_metadata(first.metadata, metadata or {})
        if obsid is not None:
            first.observation.CopyFrom(observations_pb2.Observation(obsid=obsid))
        stub = self._link.catalog(instances_pb2_grpc.InstancesStub)
        requests = _Requests(first, self._relative_paths(store, paths, parent_dirs))
        stream = stub.RegisterInstances(iter(requests), timeout=_STREAM_TIMEOUT_SECONDS)
        try:
            for answer in stream:
                yield read_registration(answer)
        finally:
            stream.cancel()
        if requests.error is not None:
            raise requests.error

    def _relative_paths(self, store: str, paths: Iterable[str], parent_dirs: str) -> Iterator[str]:
        root: PurePosixPath | None = None
        for path in map(str, paths):
            if not path.startswith("/"):
                yield f"{parent_dirs}/{path}" if parent_dirs else path
                continue
            root = root or PurePosixPath(self.get_store(store).root)
            if not PurePosixPath(path).is_relative_to(root):
                raise InvalidRequestError(
                    f"{path!r} does not lie under {root}, the root of the store {store!r}."
                )
            yield str(PurePosixPath(path).relative_to(root))


class _Requests:
    """The messages of a registration; an error of the caller's own paths is kept for the end.

    gRPC reads them on a thread of its own, where an error would reach nobody.
    """

    def __init__(self, first: instances_pb2.RegisterInstancesRequest, paths: Iterator[str]) -> None:
        self.error: Exception | None = None
        self._first = first
        self._paths = paths

    def __iter__(self) -> Iterator[instances_pb2.RegisterInstancesRequest]:
        request = self._first
        try:
            while batch := list(islice(self._paths, _BATCH_PATHS)):
                request.paths.extend(batch)
                yield request
                request = instances_pb2.RegisterInstancesRequest()
        except Exception as error:
            self.error = error
