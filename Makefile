# The few commands of the house. `make chat` and `make test` need only Python >= 3.11, a C/C++ compiler and make.
SAMPLE := examples/kestrel-valley
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check
TORCH := 2.13.0
TYPED := build/typed
# A script or a test imports what stands beside it, so each of these folders is a place to look.
BESIDE := tests/agents:tests/bench:tests/db:tests/graphs:tests/training:tests/ui:$(SAMPLE)
# Only one module of a run may be called conftest: the others are checked one by one.
CONFTESTS = $(wildcard tests/*/conftest.py)
TESTED = $(filter-out $(CONFTESTS),$(wildcard tests/*.py tests/*/*.py)) $(wildcard examples/*/*.py)

.DEFAULT_GOAL := help
.PHONY: help install chat train test check types bench lock clean

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

install: $(VENV)/.installed  ## create the virtual environment

$(BIN)/pip:
	@echo "[1/4] virtual environment"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip

# torch first, and its CPU build where an index offers one: the other brings gigabytes of CUDA.
# What is there already is not asked for on the network again.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/pip
	@$(PIP) install "setuptools>=77" wheel
	@echo "[2/4] torch $(TORCH)"
	@$(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(not m.version("torch").startswith("$(TORCH)"))' 2>/dev/null \
		|| $(PIP) install torch==$(TORCH)+cpu 2>/dev/null \
		|| $(PIP) install torch==$(TORCH)
	@echo "[3/4] libraries (the first time llama.cpp is compiled: about six minutes on two cores)"
	@$(PIP) install --no-deps --requirement requirements.lock
	@echo "[4/4] frontdesk"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

chat: install  ## open the sample organisation's front desk in the browser
	@$(BIN)/python $(SAMPLE)/open.py

train: install  ## train a model of its own for the sample organisation, measure it, put it in service
	@PATH="$(abspath $(BIN)):$$PATH" bash training/run_tiny.sh

test: install  ## run the tests
	@$(BIN)/pytest -q

check: install  ## style, types, layers
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(MAKE) --no-print-directory types
	@$(BIN)/pytest -q tests/test_layers.py

# Type checkers cannot follow an editable install: they read a plain one, made from nothing each time.
types: install
	@rm -rf $(TYPED) build/lib
	@$(PIP) install --no-deps --no-build-isolation --target $(TYPED) .
	@MYPYPATH=$(TYPED) $(BIN)/mypy --package frontdesk
	@MYPYPATH=$(TYPED):$(BESIDE) $(BIN)/mypy --explicit-package-bases $(TESTED)
	@for file in $(CONFTESTS); do \
		MYPYPATH=$(TYPED):$(BESIDE) $(BIN)/mypy --explicit-package-bases --no-error-summary $$file || exit 1; done

bench: install  ## measure, print tables, keep JSON under docs/benchmarks
	@$(BIN)/python tests/bench/run.py

lock: | $(BIN)/pip  ## resolve the versions anew
	@$(PIP) install uv
	@$(BIN)/uv --quiet pip compile pyproject.toml --extra dev --python-version 3.11 --no-emit-package torch --no-emit-package frontdesk \
		--no-header --no-annotate --output-file requirements.lock
	@sed -i.all -E '/^(nvidia-|triton|cuda-)/d' requirements.lock && rm requirements.lock.all

clean:  ## remove what the commands made (models, databases, environment)
	rm -rf $(VENV) .frontdesk build dist *.egg-info
