"""Staging: copying what a search finds to where people compute."""

import uuid

from librarian.client.jobs import Job, read_job
from librarian.client.records import StagingPreview
from librarian.client.searches import SearchText, search_text
from librarian.client.sites import SiteCalls
from librarian.v1 import staging_pb2, staging_pb2_grpc

# Choosing a million files takes longer than an ordinary call.
_START_TIMEOUT_SECONDS = 300.0
# A site gives a count up after a minute, in its own words.
_PREVIEW_TIMEOUT_SECONDS = 90.0


class StagingCalls(SiteCalls):
    """How files are staged.

    `snapshot` is that of the result of `search_files` that someone was shown: what was put on
    record since is then left out. Without it the search is run anew.
    """

    def stage_files(
        self,
        search: SearchText,
        destination: str,
        user: str | None = None,
        snapshot: int | None = None,
        request_id: str = "",
    ) -> Job:
        """Start a job that copies the files that match into a directory, and return it.

        `destination` lies beneath the site's staging prefix: an absolute path, or one relative
        to the prefix. `user` is the login to hand the files to, where the site does that. The same
        `request_id` again returns the job that was started. Raises ConflictError when another job
        is filling the directory.
        """
        request = staging_pb2.StartStagingRequest(
            search=search_text(search),
            destination=destination,
            user=user or "",
            request_id=request_id or uuid.uuid4().hex,
            snapshot=snapshot,
        )
        stub = self._link.catalog(staging_pb2_grpc.StagingStub)
        return read_job(stub.StartStaging(request, timeout=_START_TIMEOUT_SECONDS), self._link)

    def preview_staging(
        self, search: SearchText, destination: str = "", snapshot: int | None = None
    ) -> StagingPreview:
        """Return what `stage_files` would copy, and where to, without starting it.

        Raises what `stage_files` raises for a search or a destination.
        """
        request = staging_pb2.PreviewStagingRequest(
            search=search_text(search), destination=destination, snapshot=snapshot
        )
        stub = self._link.catalog(staging_pb2_grpc.StagingStub)
        answer = stub.PreviewStaging(request, timeout=_PREVIEW_TIMEOUT_SECONDS)
        return StagingPreview(
            file_count=answer.file_count,
            total_bytes=answer.total_bytes,
            without_instance_count=answer.without_instance_count,
            destination=answer.destination,
            staging_prefixes=list(answer.staging_prefixes),
        )

    def retry_staging(self, id: int) -> Job:
        """Let a job that failed or was cancelled go on with what is not done, and return it.

        Raises StateError when it has not ended or nothing is left to do, and ConflictError when
        another job fills its directory meanwhile.
        """
        request = staging_pb2.RetryStagingRequest(job_id=id)
        stub = self._link.catalog(staging_pb2_grpc.StagingStub)
        return read_job(stub.RetryStaging(request, timeout=_START_TIMEOUT_SECONDS), self._link)
