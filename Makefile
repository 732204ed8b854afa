# Everything a user or contributor runs. Each target makes .venv/ as needed; a second call installs nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Extra words for pip, e.g. PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu" for the small CPU build of torch.
PIP_FLAGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install run demo review test browser lint type eval bench etiquette months faults pages clean

##@ Use
run: $(STAMP) ## Run the monitor: poll the feeds, print or post alerts, until Ctrl-C
	$(BIN)/monitor run --upgrade

demo: $(STAMP) ## Show a whole story in a minute, without any network
	$(BIN)/monitor demo

review: $(STAMP) ## Show the story, then serve the review page on it
	$(BIN)/monitor demo --review

##@ Develop
test: $(STAMP) browser lint type ## Lint, type-check and run the whole test suite
	$(BIN)/python -m pytest

# The browser tests drive Debian's chromium. Where it is missing and may be installed, it is; elsewhere those tests say why they are skipped.
browser: ## Install chromium for the browser tests, where that is permitted
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  echo "installing chromium for the browser tests" && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
	  echo "chromium is missing and cannot be installed here: the browser tests will be skipped (apt-get install chromium)"

pages: $(STAMP) ## Time the review page on a million articles (makes a database of 4 GB)
	$(BIN)/python -m benchmarks.pages

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

months: $(STAMP) ## Poll 2,000 simulated feeds for two months of their time (half an hour of CPU or more)
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
