# `make demo` and `make test` need Python 3.11 or later, and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# As many test processes as there are processors; each test binds to free ports only.
WORKERS ?= auto

.PHONY: demo test lint types contracts tests generate refresh clean

demo: $(STAMP)
	$(BIN)/pulumi-mesh run . --canary reviews

test: lint types contracts tests

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

tests: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# Typed objects from the CRDs that are kept in scripts/crds.
generate: $(STAMP)
	$(BIN)/python -m scripts.generate

# Golden files from what the code writes now; files that no test reads any more are removed.
refresh: $(STAMP)
	$(BIN)/pytest tests/golden --refresh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)
