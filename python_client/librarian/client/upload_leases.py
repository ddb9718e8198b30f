"""Keeping uploads from expiring while their bytes are on their way."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from librarian.client.sites import SiteLink
from librarian.client.upload_runs import Pending
from librarian.errors import LibrarianError
from librarian.v1 import uploads_pb2, uploads_pb2_grpc

logger = logging.getLogger(__name__)

# A lease is an hour.
_RENEW_SECONDS = 600.0


@contextmanager
def renewed(pendings: Sequence[Pending], link: SiteLink) -> Iterator[None]:
    """Renew the leases of uploads in the background."""
    done = threading.Event()
    arguments = (pendings, link, done)
    thread = threading.Thread(target=_renew, args=arguments, name="upload-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()


def _renew(pendings: Sequence[Pending], link: SiteLink, done: threading.Event) -> None:
    while not done.wait(_RENEW_SECONDS):
        ids = [pending.upload.id for pending in pendings if pending.is_open]
        try:
            stub = link.catalog(uploads_pb2_grpc.UploadsStub)
            stub.RenewUploads(uploads_pb2.RenewUploadsRequest(ids=ids))
        except LibrarianError as error:
            # The lease bears with several that fail; an upload that does expire says so itself.
            logger.warning("The uploads' leases could not be renewed: %s", error)
