"""Staging: copying what a search finds to where people compute."""

import uuid

from librarian.client.jobs import Job, read_job
from librarian.client.searches import SearchText, search_text
from librarian.client.sites import SiteCalls
from librarian.v1 import staging_pb2, staging_pb2_grpc

# Choosing a million files takes longer than an ordinary call.
_START_TIMEOUT_SECONDS = 300.0


class StagingCalls(SiteCalls):
    """How files are staged."""

    def stage_files(self, search: SearchText, destination: str, user: str | None = None) -> Job:
        """Start a job that copies the files that match into a directory, and return it.

        `destination` lies beneath the site's staging prefix: an absolute path, or one relative
        to the prefix. `user` is the login to hand the files to, where the site does that. Raises
        ConflictError when another job is filling the directory.
        """
        request = staging_pb2.StartStagingRequest(
            search=search_text(search),
            destination=destination,
            user=user or "",
            request_id=uuid.uuid4().hex,
        )
        stub = self._link.catalog(staging_pb2_grpc.StagingStub)
        return read_job(stub.StartStaging(request, timeout=_START_TIMEOUT_SECONDS), self._link)
