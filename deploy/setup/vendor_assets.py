"""Fetch what the web pages use of others' work: `make vendor`.

Packages come from the npm registry that this machine is set up for, at the versions named here.
Their files, licences and hashes are committed, so that no page needs the Internet, nor Node.
"""

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
VENDOR = ROOT / "web_frontend" / "static" / "vendor"
ICONS = Path(__file__).with_name("icons.txt")


@dataclass(frozen=True)
class Package:
    """A package of the registry, and the files that are taken from it."""

    name: str
    version: str
    licence: str
    # Where a file lies in the package; it is kept under its last name.
    files: tuple[str, ...]


PACKAGES = (
    Package("htmx.org", "4.0.1", "0BSD", ("dist/htmx.min.js", "dist/ext/hx-sse.min.js")),
    Package("bootstrap", "5.3.9", "MIT", ("dist/css/bootstrap.min.css",)),
    Package("uplot", "1.6.32", "MIT", ("dist/uPlot.iife.min.js", "dist/uPlot.min.css")),
)
SPRITE = Package("bootstrap-icons", "1.13.2", "MIT", ())


def main() -> None:
    """Fetch every package anew, and write what was taken to the manifest."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    with tempfile.TemporaryDirectory() as directory:
        rows = [row for package in PACKAGES for row in _take(package, Path(directory))]
        rows += _take_icons(Path(directory))
    (VENDOR / "manifest.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _take(package: Package, directory: Path) -> list[dict[str, str]]:
    source, place = _unpack(package, directory), VENDOR / package.name
    rows = []
    for name in package.files:
        text = (source / name).read_text(encoding="utf-8")
        # What it points at is for those who debug the library, and is not here.
        text = re.sub(r"^(//|/\*)# sourceMappingURL=.*\n?", "", text, flags=re.MULTILINE)
        rows.append(_keep(package, place / Path(name).name, text))
    return rows


def _take_icons(directory: Path) -> list[dict[str, str]]:
    """Put the icons that pages use into one file, of which each is a part."""
    source, place = _unpack(SPRITE, directory), VENDOR / SPRITE.name
    symbols = [
        _symbol(name, (source / "icons" / f"{name}.svg").read_text(encoding="utf-8"))
        for name in sorted(set(ICONS.read_text(encoding="utf-8").split()))
    ]
    text = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    return [_keep(SPRITE, place / "icons.svg", text)]


def _symbol(name: str, svg: str) -> str:
    inner = re.sub(r"\s*\n\s*", "", re.sub(r"</?svg[^>]*>", "", svg))
    return f'<symbol id="{name}" viewBox="0 0 16 16">{inner}</symbol>'


def _unpack(package: Package, directory: Path) -> Path:
    """Fetch a package; return where it was unpacked, having kept its licence."""
    command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
    target = directory / package.name
    with tarfile.open(directory / done.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    (VENDOR / package.name).mkdir(parents=True)
    shutil.copyfile(target / "package" / "LICENSE", VENDOR / package.name / "LICENSE")
    return target / "package"


def _keep(package: Package, path: Path, text: str) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    return {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "licence_file": f"{package.name}/LICENSE",
        "file": path.relative_to(VENDOR).as_posix(),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    main()
