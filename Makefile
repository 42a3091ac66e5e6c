# Broadcaster from a fresh clone: Python 3.11 or newer, make and a C library are all it takes. No Docker, no root, no Node.
# Standard output belongs to the command: `make demo ARGS="--exit --json"` prints its JSON there and nothing else.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
RUN_SET := $(VENV)/.run-set
DEV_SET := $(VENV)/.dev-set
ARGS ?=

.PHONY: help setup demo test bench chaos lint lock assets browser

help:
	@echo "make demo    a statewide 911 outage on this machine, from the notice to the all-clear (ARGS=\"--exit --json\")"
	@echo "make test    the whole test suite"
	@echo "make bench   every speed beside its naive peer and its ceiling (ARGS=\"--only engine --size 20000\")"
	@echo "make chaos   everything that can break on this machine, broken (SEEDS=20, ARGS=\"--only 11\")"
	@echo "make lint    ruff, mypy --strict, import-linter"
	@echo "make setup   everything the others need: .venv, the assets, the browser"
	@echo "make lock    the hashed requirements files again, after a change of requirements*.in"

setup: $(DEV_SET) assets browser

demo: $(RUN_SET) assets
	@$(VENV)/bin/broadcaster demo $(ARGS)

test: $(DEV_SET) assets browser
	@$(VENV)/bin/pytest -n 4 --dist worksteal --durations 10 $(ARGS)

bench: $(DEV_SET)
	@$(VENV)/bin/broadcaster bench -- $(ARGS)

chaos: $(DEV_SET) assets
	@$(VENV)/bin/broadcaster chaos $(ARGS)

lint: $(DEV_SET)
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

browser:
	@.ci/browser 1>&2

lock: $(DEV_SET)
	@for name in requirements requirements-dev requirements-node; do \
	  $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    $$name.in -o $$name.txt || exit 1; \
	done

# Third-party styles, scripts, fonts and shapes come from npm packages; none is copied into the repository.
assets: $(RUN_SET) $(if $(wildcard package.json),node_modules/.complete)
	@$(if $(wildcard broadcaster/local/assets.py),$(PY) -m broadcaster.local.assets 1>&2,:)

node_modules/.complete: $(wildcard package.json package-lock.json) $(RUN_SET)
	@.ci/npm ci 1>&2
	@touch $@

$(RUN_SET): requirements.txt requirements.in pyproject.toml
	@.ci/setup requirements.txt 1>&2
	@touch $@

# The development set holds the running set, so it is enough for both.
$(DEV_SET): requirements-dev.txt requirements-dev.in requirements.in pyproject.toml
	@.ci/setup requirements-dev.txt 1>&2
	@touch $@ $(RUN_SET)
