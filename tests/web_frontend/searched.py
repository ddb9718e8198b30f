"""Files that tests of the search look for, in the site that all tests of pages share."""

from pathlib import Path

from librarian.client.librarian import Librarian
from librarian.client.records import UploadItem

DAY = 2459200
COUNT = 120
PREFIX = "ps.2459200"
HOSTILE = "=ps.<img src=x onerror=alert(1)>'\"{{7*7}}&.txt"
FOUND = f"name:{PREFIX}.*"


def put_files(admin: Librarian, directory: Path) -> list[str]:
    """Put files of two types into the site, a few observed; return their names in order."""
    names = [f"{PREFIX}.{number:05}.{'uv' if number % 3 else 'uvh5'}" for number in range(COUNT)]
    for number, name in enumerate([*names, HOSTILE]):
        (directory / name).write_bytes(b"x" * (number + 1))
    items = [
        UploadItem(directory / name, f"ps/{name}", null_obsid=True, metadata={"ps_antenna": number})
        for number, name in enumerate([*names, HOSTILE])
    ]
    for outcome in admin.upload_many(items):
        if outcome.error:
            raise outcome.error
    return names
