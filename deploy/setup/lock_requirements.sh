#!/bin/bash
# Writes requirements/*.txt: every version and its hashes, and no registry's address. Run by `make lock`.
#   dev.txt  what `make install` installs and the tests run on
#   all.txt  what a site needs: the same versions, without the developers' tools
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p requirements

# --no-config: what one person set up for uv must not decide what everybody installs.
compile() {
    uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --output-file "$1" "${@:2}" pyproject.toml
}

compile requirements/dev.txt --upgrade --all-extras
compile requirements/all.txt --upgrade --extra all --constraints requirements/dev.txt

if grep -nE '://|file:|^--(extra-)?index|^--find-links' requirements/*.txt; then
    echo "A lock names an address: see the lines above." >&2
    exit 1
fi
