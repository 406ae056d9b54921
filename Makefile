# `make demo` and `make test` need Python 3.11 or later, and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.installed-demo
# As many test processes as there are processors; each test binds to free ports only.
WORKERS ?= auto

.PHONY: demo test test-cluster compare-istiod lint types contracts tests generate refresh conformance benchmark benchmark-requests benchmark-push clean

# Needs less than the tests do, so it installs less.
demo: $(DEMO_STAMP)
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

# A real API server, istiod, engine and Envoys: docs/cluster-tests.md. What is not on PATH, Go builds once, before the tests start.
# A file's tests share its processes, so each file goes to one worker.
test-cluster: $(STAMP)
	$(BIN)/python -m tests.cluster.tools.finding
	$(BIN)/pytest tests/cluster -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Our view of every proxy against what istiod tells it: docs/cluster-tests.md. `MANIFESTS=DIR` compares that folder.
compare-istiod: $(STAMP)
	$(BIN)/python -m tests.cluster.compare $(if $(MANIFESTS),--manifests $(MANIFESTS))

# How often we say what other projects say, on their own cases: docs/conformance.md. Less than is recorded fails.
conformance: $(STAMP)
	$(BIN)/python -m tests.conformance

# validate against istioctl, which Go builds once where it is not on PATH: docs/benchmarks.md.
benchmark: $(STAMP)
	$(BIN)/python -m benchmarks

# Views and diffs of meshes of thousands of services: docs/benchmarks.md.
benchmark-requests: $(STAMP)
	$(BIN)/python -m benchmarks.requests

# One gateway's view against istiod's push of it, from an API server of its own: docs/benchmarks.md.
benchmark-push: $(STAMP)
	$(BIN)/python -m benchmarks.push

# Typed objects from the CRDs in scripts/crds, and the values of Istio's charts from scripts/charts.
generate: $(STAMP)
	$(BIN)/python -m scripts.generate
	$(BIN)/python -m scripts.generate_charts

# Golden files from what the code writes now; files that no test reads any more are removed.
refresh: $(STAMP)
	$(BIN)/pytest tests/golden tests/unit/proxy_envoy --refresh

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11; name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(DEMO_STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local]'
	@touch $@

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(DEMO_STAMP)
