"""A gRPC server as all services run it: health, reflection, limits, TLS, and a clean stop."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from librarian.service.arrivals import Arrivals
from librarian.service.calls import Authenticate, CallInterceptor, Entrance
from librarian.service.config import ConfigError, ListenConfig
from librarian.service.origins import Believes, believe_nobody

# Adds a service's servicers to a server, and returns their full names.
AddServicers = Callable[[grpc.Server], list[str]]

_OPTIONS = [
    # Two services must never share a port by accident, which gRPC allows unless told.
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
# So many calls for each thread may wait for one; more are refused.
_WAITING_PER_THREAD = 16
# The part of the threads that callers without a token get.
_STRANGERS_PART = 4


class RunningServer:
    """A server that listens."""

    def __init__(
        self, server: grpc.Server, address: str, checks: health.HealthServicer, arrivals: Arrivals
    ) -> None:
        self._server = server
        self._checks = checks
        self._arrivals = arrivals
        self.address = address
        self.port = int(address.rpartition(":")[2])

    def stop(self, grace_seconds: float = 5.0) -> None:
        """Refuse new calls, give those under way some time, and end the rest."""
        self._checks.enter_graceful_shutdown()
        self._server.stop(grace_seconds).wait()
        self._arrivals.close()


def serve(
    listen: ListenConfig,
    *,
    add_servicers: AddServicers,
    authenticate: Authenticate,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
    believes: Believes = believe_nobody,
) -> RunningServer:
    """Start a server that takes messages of so many bytes, and some callers' word for whence.

    Raises ConfigError when the configuration or the port cannot be used.
    """
    listen.check_listen()
    arrivals = Arrivals()
    entrance = Entrance(authenticate, arrivals, listen.threads // _STRANGERS_PART, believes)
    server = grpc.server(
        ThreadPoolExecutor(listen.threads, thread_name_prefix="call"),
        interceptors=[CallInterceptor(entrance)],
        options=[*_OPTIONS, ("grpc.max_receive_message_length", max_message_bytes)],
        maximum_concurrent_rpcs=listen.threads * _WAITING_PER_THREAD,
    )
    names = add_servicers(server)
    checks = _add_health(server, names)
    reflection.enable_server_reflection(
        [*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server
    )
    port = _bind(server, listen)
    server.start()
    # Its thread would outlive a server that found its port taken.
    arrivals.start()
    return RunningServer(server, f"{listen.listen_host}:{port}", checks, arrivals)


def _add_health(server: grpc.Server, names: list[str]) -> health.HealthServicer:
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    for name in ["", *names]:
        checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    return checks


def _bind(server: grpc.Server, listen: ListenConfig) -> int:
    try:
        if listen.tls_cert_file is None or listen.tls_key_file is None:
            port = server.add_insecure_port(listen.listen)
        else:
            pair = (listen.tls_key_file.read_bytes(), listen.tls_cert_file.read_bytes())
            port = server.add_secure_port(listen.listen, grpc.ssl_server_credentials([pair]))
    except OSError as error:
        raise ConfigError(f"Cannot read {error.filename}: {error.strerror}.") from error
    except RuntimeError:
        port = 0
    if port == 0:
        raise ConfigError(f"Cannot listen on {listen.listen}: the address is in use or not here.")
    return int(port)


def wait_for_signal(
    on_stop: Callable[[], None], on_ready: Callable[[], None] = lambda: None
) -> None:
    """Wait until the process is told to end by SIGTERM or SIGINT, and then stop.

    `on_ready` is called once it can be told: who hears that a service listens may end it at once.
    """
    # Python runs handlers between two of its steps, so that one whose signal comes just as a wait
    # begins would wait with it. The byte is written at once.
    told, tell = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    on_ready()
    while not {signal.SIGTERM, signal.SIGINT} & set(os.read(told, 1)):
        pass
    on_stop()
