# The doors of the project. Each works on a fresh checkout with python3, python3-venv, make and git, and nothing else.
# What is installed is exactly what requirements*.txt lock by hash; a second call finds it done and starts at once.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Modules are compiled as they are first needed: to compile all of them takes longer than to install them.
INSTALL := $(PIP) install --no-compile --require-hashes
SELF := $(PIP) install --no-deps --no-build-isolation --no-index --editable .
CHROMIUM := /usr/bin/chromium
BROWSER := chromium libatomic1

# Where bytecode is not kept, every process compiles all of this anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser soak bench docs check format lint types imports stale-docs

help:
	@echo "make setup   install tieout into $(VENV); the command is $(BIN)/tieout"
	@echo "make demo    simulate a group with faults, reconcile its systems, serve the dashboard (ARGS=--once: print and exit)"
	@echo "make test    run every test (ARGS='-k completion': some of them)"
	@echo "make soak    play fresh seeds of the group and score what was found (ARGS='--seed 1 --seed 2': these)"
	@echo "make bench   measure what is claimed about speed"
	@echo "make docs    write the generated parts of docs anew"
	@echo "make check   format, lint, types, import contracts, stale docs"

setup: $(VENV)/run.done

demo: setup
	$(BIN)/tieout demo $(ARGS)

test: $(VENV)/dev.done browser
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

soak: setup
	$(BIN)/python -m app.demo.soak $(ARGS)

bench: setup
	$(BIN)/python -m benchmarks.match
	$(BIN)/python -m benchmarks.landing
	$(BIN)/python -m benchmarks.lake

docs: $(VENV)/dev.done
	$(BIN)/cog -r -I docs docs/*.md

check: format lint types imports stale-docs

format: $(VENV)/dev.done
	$(BIN)/ruff format --check

lint: $(VENV)/dev.done
	$(BIN)/ruff check

types: $(VENV)/dev.done
	$(BIN)/mypy

imports: $(VENV)/dev.done
	$(BIN)/lint-imports

stale-docs: $(VENV)/dev.done
	$(BIN)/cog --check --diff -I docs docs/*.md

$(VENV)/run.done: requirements.txt pyproject.toml
	@echo "installing into $(VENV), once"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) -r requirements.txt
	@$(SELF)
	@touch $@

$(VENV)/dev.done: requirements-dev.txt pyproject.toml
	@echo "installing what tests and checks need into $(VENV), once"
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) -r requirements-dev.txt
	@$(SELF)
	@touch $@ $(VENV)/run.done

# The browser of the tests, and what the driver's own node needs of a bare Debian.
browser:
	@if [ -x $(CHROMIUM) ] && /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'; then \
		exit 0; \
	elif [ "$$(id -u)" -ne 0 ]; then \
		echo "tests open the dashboard in a real browser: install Debian's packages for it, e.g. sudo apt-get install $(BROWSER)" >&2; \
		exit 1; \
	fi; \
	echo "installing $(BROWSER) for the tests of the dashboard"; \
	apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(BROWSER) > /dev/null
