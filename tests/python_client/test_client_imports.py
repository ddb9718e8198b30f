"""What importing the client costs, and what it must do without."""

import re
import subprocess
import sys

import pytest

import librarian
from tests.source_tree import ROOT
from tests.test_layers import SERVER_LIBRARIES

SERVER_EXTRAS = (*SERVER_LIBRARIES, "astropy", "erfa", "flask", "h5py", "numpy", "paramiko")
# grpc imports these two itself where they are installed.
HEAVY = {*SERVER_EXTRAS, "pandas", "rich", "click"} - {"grpc_health", "grpc_reflection"}

USE_WITHOUT_EXTRAS = f"""
import pkgutil, sys
sys.modules.update(dict.fromkeys({SERVER_EXTRAS!r}))
import librarian.client
for module in pkgutil.iter_modules(librarian.client.__path__):
    __import__(f"librarian.client.{{module.name}}")
from librarian import Librarian
from librarian.client.progress import metered
from librarian.errors import NotReachableError
with metered(True, "bar") as meter:
    meter.expect(1)
try:
    Librarian("127.0.0.1:1", "token").ping()
except NotReachableError:
    print("all of it was imported and called")
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("code", ["import librarian", "from librarian import Librarian"])
def test_importing_the_client_imports_nothing_heavy(code: str) -> None:
    found = run(f"{code}\nimport sys\nprint(*({HEAVY!r} & set(sys.modules)))")
    assert found.split() == []


def test_importing_the_package_alone_does_not_even_import_grpc() -> None:
    assert run("import librarian, sys\nprint('grpc' in sys.modules)") == "False\n"


def test_the_whole_client_works_without_the_extras() -> None:
    assert run(USE_WITHOUT_EXTRAS) == "all of it was imported and called\n"


def test_the_version_is_that_of_the_distribution() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.*)"$', text, re.MULTILINE) == [librarian.__version__]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Librarain"):
        librarian.Librarain  # noqa: B018


def test_what_is_exported_is_listed() -> None:
    assert {"Librarian", "UploadItem"} <= set(dir(librarian))
