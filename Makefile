# Every command of the project; CI runs these and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test lint bench campaign audit docs clean

help:            ## what each target does
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e '.[dev,demo]'
	@touch $@

$(VENV)/.demo: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) -e '.[demo]'
	@touch $@

demo: $(VENV)/.demo ## train a small classifier on real digits, print its summary and the list of runs, write its report
	$(BIN)/python examples/lightning_digits.py

test: $(VENV)/.dev  ## all tests, a file at a time on each core
	$(BIN)/python -m pytest -n logical --dist loadfile

lint: $(VENV)/.dev  ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## the figures of docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.peers
	$(BIN)/python -m tests.models

campaign: $(VENV)/.dev ## kills, trouble and processes: the counts of docs/reliability.md
	$(BIN)/python -m tests.campaign

audit: $(VENV)/.dev ## known vulnerabilities of what GreenTrack installs (before a release); fails where it cannot be told
	$(PIP) pip-audit
	$(BIN)/pip-audit --strict .

docs: $(VENV)/.dev  ## the parts of the documents that come from the code
	$(BIN)/python -m tests.documents
	$(BIN)/python -m greentrack.cli.reference > docs/cli.md

clean:           ## removes what the others made
	rm -rf $(VENV) .venv-peers build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
