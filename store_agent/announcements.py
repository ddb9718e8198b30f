"""The agent's heartbeat: it tells the catalogue how its stores are, and learns which they are."""

import logging
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

import librarian
from librarian.client.channel import Connection
from librarian.errors import LibrarianError, NotReachableError
from librarian.v1 import stores_pb2, stores_pb2_grpc
from store_agent.config import StoreAgentConfig
from store_agent.parts import AgentParts
from store_agent.rpc.messages import store_report
from store_agent.stores import Store, StoreSpace

logger = logging.getLogger(__name__)

_MEASURE_SECONDS = 2.0
_MAX_WAIT_SECONDS = 5.0
_CALL_SECONDS = 10.0
_HANGS = "The store's disk does not answer: a person must look at it."


class Announcer:
    """A thread that reports to the catalogue, again and again, whether it answers or not."""

    def __init__(self, config: StoreAgentConfig, parts: AgentParts, address: str) -> None:
        self._config = config
        self._parts = parts
        self._address = config.advertised_address or address
        self._connection: Connection | None = None
        self._measured: dict[str, Future[StoreSpace]] = {}
        self._problems: dict[str, str] = {}
        self._measurers = ThreadPoolExecutor(16, thread_name_prefix="measure")
        self._stopped = False
        self._silent = False
        self._thread = threading.Thread(target=self._run, name="announce", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reporting."""
        self._stopped = True
        self._parts.stores_changed.set()
        self._thread.join()
        self._measurers.shutdown(wait=False, cancel_futures=True)
        self._close()

    def announce(self) -> None:
        """Report once, and serve the stores that the catalogue names."""
        if self._connection is None:
            self._connection = self._connect()
        stub = self._connection.stub(stores_pb2_grpc.AgentsStub)
        answer = stub.AnnounceAgent(self._request(), timeout=_CALL_SECONDS)
        self._serve(answer.stores)

    def _run(self) -> None:
        wait_seconds = self._config.announce_seconds
        while not self._stopped:
            try:
                self.announce()
                self._heard()
                wait_seconds = self._config.announce_seconds
            except Exception as error:
                self._not_heard(error)
                wait_seconds = min(wait_seconds * 1.5, _MAX_WAIT_SECONDS)
            self._parts.stores_changed.wait(wait_seconds)
            self._parts.stores_changed.clear()

    def _connect(self) -> Connection:
        return Connection(
            self._config.catalog_address,
            token=self._read_token,
            tls=self._config.catalog_tls,
            ca_file=self._config.catalog_ca_file,
        )

    def _read_token(self) -> str:
        """Read the token anew each time: it may be replaced while the agent runs."""
        try:
            return self._config.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NotReachableError(
                f"The agent's token {self._config.token_file} cannot be read: {error.strerror}."
            ) from error

    def _request(self) -> stores_pb2.AnnounceAgentRequest:
        prefix = self._parts.prefix.path
        return stores_pb2.AnnounceAgentRequest(
            address=self._address,
            host=self._config.host or socket.gethostname(),
            tls=self._config.tls,
            staging_prefix=str(prefix) if prefix is not None else "",
            ticket_key=self._parts.ticket_key,
            version=librarian.__version__,
            stores=self._reports(),
        )

    def _reports(self) -> list[stores_pb2.StoreReport]:
        stores = self._parts.stores.list_stores()
        for store in stores:
            # One measuring at a time: a disk that hangs keeps one thread, not one each time.
            if store.name not in self._measured:
                self._measured[store.name] = self._measurers.submit(store.measure)
        reports = [store_report(store, self._measure(store)) for store in stores]
        for name, problem in self._problems.items():
            reports.append(stores_pb2.StoreReport(name=name, problem=problem))
        return reports

    def _measure(self, store: Store) -> StoreSpace:
        try:
            space = self._measured[store.name].result(timeout=_MEASURE_SECONDS)
        except FutureTimeoutError:
            return StoreSpace(problem=_HANGS)
        except OSError as error:
            space = StoreSpace(problem=f"The store cannot be measured: {error.strerror}.")
        del self._measured[store.name]
        return space

    def _serve(self, stores: list[stores_pb2.ServedStore]) -> None:
        self._problems = {}
        for wanted in stores:
            try:
                known = {store.name for store in self._parts.stores.list_stores()}
                self._parts.stores.serve_store(wanted.name, Path(wanted.root), wanted.store_id)
                if wanted.name not in known:
                    # The catalogue learns at once that the store can be used.
                    self._parts.stores_changed.set()
            except LibrarianError as error:
                self._problems[wanted.name] = str(error)

    def _heard(self) -> None:
        if self._silent:
            logger.info("The catalogue at %s answers again", self._config.catalog_address)
        self._silent = False

    def _not_heard(self, error: Exception) -> None:
        if not self._silent:
            expected = isinstance(error, LibrarianError)
            logger.warning(
                "The catalogue at %s took no report: %s",
                self._config.catalog_address,
                error,
                exc_info=None if expected else error,
            )
        self._silent = True

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
