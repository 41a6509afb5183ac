# Each target, alone, on a fresh clone with Python 3.11 or later: makes the environment, installs, runs.
PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: demo test lint check bench docs clean help

help:  ## Show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /: /'

# uv when it is there; otherwise venv and pip.
$(VENV)/.made:
	@if command -v uv >/dev/null 2>&1 && uv venv --quiet --allow-existing --seed $(VENV); then :; \
	else $(PYTHON) -m venv $(VENV); fi
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "bocage needs Python 3.11 or later; run: make PYTHON=python3.11"; rm -rf $(VENV); exit 1; }
	@touch $@

# $(1): dependency groups to install beside the package. --group needs pip 25.1.
define install
	@if command -v uv >/dev/null 2>&1 && \
	  uv pip install --quiet --python $(BIN)/python -e . $(foreach g,$(1),--group $(g)); then :; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1" && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e . $(foreach g,$(1),--group $(g)); fi
	@touch $@
endef

$(VENV)/.run: $(VENV)/.made pyproject.toml
	$(call install,)

$(VENV)/.test: $(VENV)/.made pyproject.toml
	$(call install,test)

$(VENV)/.lint: $(VENV)/.made pyproject.toml
	$(call install,lint)

$(VENV)/.bench: $(VENV)/.made pyproject.toml
	$(call install,bench)

demo: $(VENV)/.run  ## A fictional territory: its network, its report, one sheet
	$(BIN)/bocage demo demo

test: $(VENV)/.test  ## The quick suite
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.lint  ## Style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## Everything CI runs

bench: $(VENV)/.bench  ## Ours against peers, same inputs, one run
	$(BIN)/python benchmarks/cost_distance.py
	$(BIN)/python benchmarks/whole_run.py
	$(BIN)/python benchmarks/sheets.py
	$(BIN)/python benchmarks/rivers.py
	$(BIN)/python benchmarks/indices.py
	$(BIN)/python benchmarks/mesh.py
	$(BIN)/python benchmarks/metrics.py
	$(BIN)/python benchmarks/mspa.py
	$(BIN)/python benchmarks/current.py

docs: $(VENV)/.test  ## Write the reference pages again
	$(BIN)/python docs/generate_reference.py

clean:  ## Remove the environment and the demo
	rm -rf $(VENV) demo
