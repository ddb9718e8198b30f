"""Downloads: a file's contents through the agent of a store, whole or in part."""

import logging
from collections.abc import Iterator

from flask import Blueprint, Response, request

from librarian.client.contents import Contents
from librarian.client.records import File
from librarian.errors import LibrarianError
from librarian.names import show_name
from web_frontend.catalogue import librarian
from web_frontend.downloading.answers import Download, describe_download
from web_frontend.downloading.ranges import Answer, Wanted, wanted_bytes
from web_frontend.streams import streamed

blueprint = Blueprint("downloads", __name__)
logger = logging.getLogger(__name__)

# What is kept here could be anything: no browser may take it for a page.
_MEDIA_TYPE = "application/octet-stream"


@blueprint.get("/files/<name>/download", endpoint="send")
def send_file(name: str) -> Response:
    """Send a flat file as it is, and a directory as a tar archive."""
    site = librarian()
    file, contents = site.get_file(name), site.open_contents(name)
    try:
        answer = _answer(file, contents)
    except BaseException:
        contents.close()
        raise
    answer.call_on_close(contents.close)
    return answer


def _answer(file: File, contents: Contents) -> Response:
    download = describe_download(file, contents)
    wanted = wanted_bytes(request.headers, download.etag, download.size_bytes)
    answer = _with_body(download, wanted)
    answer.status_code = wanted.answer.value
    answer.set_etag(download.etag)
    answer.headers["Accept-Ranges"] = "bytes"
    if wanted.answer in (Answer.WHOLE, Answer.PART):
        answer.headers["Content-Length"] = str(wanted.stop - wanted.start)
        answer.headers["Content-Disposition"] = download.disposition
    if wanted.answer is Answer.PART:
        place = f"bytes {wanted.start}-{wanted.stop - 1}/{download.size_bytes}"
        answer.headers["Content-Range"] = place
    if wanted.answer is Answer.UNSATISFIABLE:
        answer.headers["Content-Range"] = f"bytes */{download.size_bytes}"
    return answer


def _with_body(download: Download, wanted: Wanted) -> Response:
    is_sent = wanted.answer in (Answer.WHOLE, Answer.PART)
    if not is_sent or request.method == "HEAD":
        return Response(mimetype=_MEDIA_TYPE)
    return streamed(_told(download, wanted), media_type=_MEDIA_TYPE)


def _told(download: Download, wanted: Wanted) -> Iterator[bytes]:
    """Yield what is wanted; log why it ends too soon, which browsers only see as a break."""
    try:
        if wanted.answer is Answer.WHOLE:
            yield from download.read_all()
        else:
            yield from download.read_part(wanted.start, wanted.stop)
    except LibrarianError as error:
        logger.warning("The download of %s was broken off: %s", show_name(download.name), error)
        # The server breaks the connection: that a browser takes it for whole must not happen.
        raise
