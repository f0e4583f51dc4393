# Two promises: on a fresh machine with Python 3.11+ and make,
# `make demo` shows the whole job and `make test` passes. Both set everything up first.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(RECENT)' >/dev/null 2>&1 && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest -n logical --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-full lint format lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Create .venv and leave the command at .venv/bin/simvigia

# Debian keeps ensurepip, and the OpenMP runtime that LightGBM needs, in packages of their own.
$(STAMP): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c '$(RECENT)' || { echo "Python 3.11 or later is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh scripts/system_package python3-venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-build-isolation --no-deps -e .
	@$(BIN)/python -c 'import lightgbm' 2>/dev/null || sh scripts/system_package libgomp1
	@$(BIN)/python -c 'import lightgbm'
	@touch $@

demo: setup ## Simulate a country, learn, score, evaluate and explain
	$(BIN)/simvigia demo

lint: setup ## Formatting, lint and strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint ## Everything CI runs
	$(PYTEST)

test-full: lint ## The same tests, each law tried a thousand times on fresh examples
	SIMVIGIA_EXAMPLES=1000 $(PYTEST)

format: setup ## Rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Pin every dependency by hash (needs uv; names no host)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --group dev pyproject.toml -o requirements.lock

clean: ## Remove what the commands left
	rm -rf $(VENV) demo mlruns mlflow.db .pytest_cache .mypy_cache .ruff_cache .hypothesis
