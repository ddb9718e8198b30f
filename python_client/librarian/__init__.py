"""The Librarian's Python client: `from librarian import Librarian`.

What is exported here is imported when it is first used, so that the shared kernel can be
imported by itself.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from librarian.client.librarian import Librarian as Librarian
    from librarian.client.records import UploadItem as UploadItem

__version__ = "0.1.0"

_EXPORTS = {
    "Librarian": "librarian.client.librarian",
    "UploadItem": "librarian.client.records",
}

__all__ = ["Librarian", "UploadItem", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'librarian' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_EXPORTS[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_EXPORTS]
