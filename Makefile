# Every verb is one line. `make` checks everything; it needs Python 3.11 or newer and make, nothing else.
.DEFAULT_GOAL := check
.PHONY: setup check format-check lint types imports test prove mutants test-kafka fix up down demo bench torture compiled plain test-compiled lock clean

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11 python,$(shell \
	$(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $(name))))
BIN := .venv/bin
READY := .venv/ready
PLAIN := find events projections \( -name '*.so' -o -name '*.pyd' -o -name '*.made-from' \) -delete; rm -rf build
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

setup: $(READY)  ## .venv from the lock; nothing is done when it is up to date
$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "tocsin needs Python 3.11 or newer; none was found (make PYTHON=/path/to/python3)" >&2; exit 2; }
	@echo "setting up .venv from the lock; about half a minute"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

check: format-check lint types imports test  ## all that CI asks
format-check: setup ; $(BIN)/ruff format --check .
lint: setup ; $(BIN)/ruff check .
types: setup ; $(BIN)/mypy
imports: setup ; $(BIN)/lint-imports
test: setup ; $(BIN)/pytest
test-kafka: setup ; TOCSIN_REQUIRE_KAFKA=1 $(BIN)/pytest -m kafka
fix: setup ; $(BIN)/ruff check --fix . ; $(BIN)/ruff format .
up: setup ; $(BIN)/tocsin up
down: ; docker compose down
demo: setup ; $(BIN)/tocsin demo
compiled: setup plain  ## the hot modules as extensions, beside their sources; a minute or two
	TOCSIN_COMPILE=1 $(BIN)/python setup.py --quiet build_ext --inplace
plain: ; $(PLAIN)
prove: setup  ## the properties of the rules, each with 10 000 examples, those first that are cheap; hours. ARGS="-k members" are fewer
	TOCSIN_PROVE=1 $(BIN)/pytest --timeout 0 -v --durations 0 tests/projections/rules $(ARGS)
mutants: setup  ## slips in the evaluator that no test finds; a sample, some minutes. ARGS="--all", MODULES="spells lines" are more
	$(BIN)/python -m tests.mutants $(MODULES) $(ARGS)
test-compiled: setup ; $(BIN)/python -m tests.compiled
bench: compiled  ## the core compiled, as the image has it; plain again afterwards
	status=0; for it in benchmarks benchmarks.rule_goals benchmarks.backtest; do \
	$(BIN)/python -m $$it $(if $(EVENTS),--events $(EVENTS)) || { status=$$?; break; }; done; $(PLAIN); exit $$status
torture: setup ; $(BIN)/python -m tests.torture $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))
lock: setup ; $(LOCK) $(UPGRADE) -o requirements.lock && $(LOCK) $(UPGRADE) --group dev -c requirements.lock -o requirements-dev.lock
clean: ; rm -rf .venv .tocsin
