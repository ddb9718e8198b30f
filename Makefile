# `make` lists the targets. Everything happens in .venv beside this file; nothing is installed
# elsewhere, but for PostgreSQL's server, rsync, SSH and Chromium, which `make check` fetches when they are missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Recipes build on each other's results (.venv), and the tests want the cores for themselves.
.NOTPARALLEL:
# Services are started anew by nearly every test: without compiled files each start costs a second.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
# Tests wait for processes much of their time. A file's tests share sites, so they stay together.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
STAMP := .venv/.installed
export KEEP

.PHONY: help install lock protos fmt lint types test check demo demo-sites soak bench bench-search bench-web serve screenshots vendor clean system-packages ssh-packages

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target text; do \
	    printf '  make %-16s %s\n' "$$target" "$$text"; done

install: $(STAMP) ## make .venv with the locked dependencies and the project in it

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make install PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	rm -f $@
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

lock: ## choose the newest allowed versions anew and write requirements/
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	@PATH="$(CURDIR)/build/lock/bin:$$PATH" deploy/setup/lock_requirements.sh

protos: install ## generate the stubs in python_client/librarian/v1 from protos/
	$(BIN)/python -m grpc_tools.protoc --proto_path=protos --python_out=python_client --pyi_out=python_client \
	    --grpc_python_out=python_client $$(find protos -name '*.proto' | LC_ALL=C sort)

fmt: install ## format the code and sort the imports
	$(BIN)/ruff check --quiet --select I --fix
	$(BIN)/ruff format

lint: install ## check the format and the rules of ruff
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: install ## check the types (mypy, strict)
	$(BIN)/mypy

test: install ## run the tests: make test ARGS="-k ingest"
	$(PYTEST) $(ARGS)

check: install system-packages lint types ## all that CI checks: format, lint, types, every test
	$(PYTEST)

demo: install ## start a site, put a night into it, search and stage; KEEP=1 leaves it running
	$(BIN)/python -m deploy.demo

demo-sites: install $(if $(filter-out 0,$(SSH)),ssh-packages) ## three sites that push a night onward, one is killed meanwhile; SSH=1: by rsync; KEEP=1
	SSH=$(SSH) $(BIN)/python -m deploy.demo.three_sites

soak: install system-packages ## kill what pushes files, for an hour or so: make soak ROUNDS=200 SEED=1
	LIBRARIAN_KILL_ROUNDS=$(or $(ROUNDS),200) LIBRARIAN_KILL_SEED=$(or $(SEED),20) \
	    $(BIN)/pytest tests/system/test_push_kill.py -o log_cli=true --log-cli-level=INFO $(ARGS)

bench: install system-packages ## measure the speed beside its yardsticks
	$(BIN)/python -m tests.benchmarks $(ARGS)

bench-search: install system-packages ## measure searches: make bench-search SIZE=10000000 KEEP=/var/tmp/catalogues
	$(BIN)/python -m tests.benchmarks.search --size $(or $(SIZE),10000000) $(if $(KEEP),--keep $(KEEP)) $(ARGS)

bench-web: install system-packages ## measure the web pages beside that catalogue: make bench-web SIZE=10000000 KEEP=/var/tmp/catalogues
	$(BIN)/python -m tests.benchmarks.web --size $(or $(SIZE),10000000) $(if $(KEEP),--keep $(KEEP)) $(ARGS)

serve: install ## run a site in ./site until Ctrl-C
	$(BIN)/librarian serve --dir site

screenshots: install system-packages ## take pictures of every web page, light, dark and on a phone, into build/screenshots
	$(BIN)/python -m tests.web_frontend.screenshots $(ARGS)

vendor: install ## fetch the libraries of the web pages anew, from the npm registry
	$(BIN)/python -m deploy.setup.vendor_assets

system-packages: ## install PostgreSQL's server, rsync, SSH and Chromium for the tests, when they are missing
	@deploy/setup/system_packages.sh

ssh-packages: ## install rsync and SSH for `make demo-sites SSH=1`, when they are missing
	@deploy/setup/system_packages.sh rsync openssh-client openssh-server

clean: ## remove .venv, caches and what was built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
