# Everything a user or contributor runs. Each target makes .venv/ as needed; a second call installs nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Extra words for pip, e.g. PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu" for the small CPU build of torch.
PIP_FLAGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install run demo test lint type eval bench etiquette months faults clean

##@ Use
run: $(STAMP) ## Run the monitor: poll the feeds, print or post alerts, until Ctrl-C
	$(BIN)/monitor run --upgrade

demo: $(STAMP) ## Show a whole story in a minute, without any network
	$(BIN)/monitor demo

##@ Develop
test: $(STAMP) lint type ## Lint, type-check and run the whole test suite
	$(BIN)/python -m pytest

lint: $(STAMP) ## Check style, formatting and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

type: $(STAMP) ## Check types
	$(BIN)/mypy

eval: $(STAMP) ## Score the project's own labelled storylines
	$(BIN)/python -m benchmarks.evaluate

bench: $(STAMP) ## Measure speed
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.throughput

etiquette: $(STAMP) ## Score the poller as a publisher would
	$(BIN)/python -m benchmarks.etiquette

months: $(STAMP) ## Poll 2,000 simulated feeds for two months of their time (hours)
	$(BIN)/python -m benchmarks.months

faults: $(STAMP) ## Kill workers at every step and at random, over 2,000 deliveries (about half an hour)
	$(BIN)/python -m benchmarks.fault_sweep

##@ House-keeping
install: $(STAMP) ## Make .venv/ and install everything

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "monitor needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) -e '.[dev]'
	@touch $@

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
