# The few commands of the house. `make chat` and `make test` need only Python >= 3.11, a C/C++ compiler and make.
SAMPLE := examples/kestrel-valley
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := agents db graphs tools training ui tests
TYPED := build/typed

.DEFAULT_GOAL := help
.PHONY: help install chat test check bench lock clean

help:  ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

install: $(VENV)/.installed  ## create the virtual environment

# torch first: its CPU build, where the machine offers one, keeps gigabytes of CUDA away.
$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "[1/4] virtual environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip "setuptools>=77" wheel
	@echo "[2/4] torch 2.13.0"
	@$(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(not m.version("torch").startswith("2.13.0"))' 2>/dev/null \
		|| $(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	@echo "[3/4] libraries (the first time llama.cpp is compiled: about six minutes on two cores)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.lock
	@echo "[4/4] frontdesk"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

chat: install  ## open the sample organisation's front desk in the browser
	@$(BIN)/python $(SAMPLE)/open.py

test: install  ## run the tests
	@$(BIN)/pytest -q

check: install  ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@rm -rf $(TYPED) && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --target $(TYPED) . 2>/dev/null
	@MYPYPATH=$(TYPED) $(BIN)/mypy --config-file pyproject.toml -p frontdesk
	@$(BIN)/pytest -q tests/test_layers.py

bench: install  ## measure, print tables, keep JSON under docs/benchmarks
	@$(BIN)/python -m frontdesk.ui.cli doctor >/dev/null || true
	@$(BIN)/python tests/bench/run.py

lock:  ## resolve the versions anew (needs uv)
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --no-emit-package torch --no-emit-package frontdesk \
		--no-header --no-annotate --output-file requirements.lock
	@sed -i -E '/^(nvidia-|triton|cuda-)/d' requirements.lock

clean:  ## remove what the commands made (models, databases, environment)
	rm -rf $(VENV) .frontdesk build dist *.egg-info
