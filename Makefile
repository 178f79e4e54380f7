# make app    set up, and open Lightbox in the browser
# make demo   set up, and train on the sample from the command line
# make test   set up, and run every test, the browser's included
# make quick  set up, and run what is quickly run: no browser, no training
# make lint   set up, and check style, formatting and types
#
# Everything is installed into .venv here; a second call finds it there and goes on at once.
# PYTHON=python3.12 make app   uses another Python (3.11 to 3.13).

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
TEST_WORKERS ?= 2
TESTS ?= tests
# A worker takes file after file, the longest first (tests/measured.py).
PYTEST := $(BIN)/python -m pytest $(TESTS) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: app demo test quick durations lint format setup setup-dev chromium clean

app: setup
	LIGHTBOX_BIND=$${LIGHTBOX_BIND:-127.0.0.1:$(PORT)} $(BIN)/python app.py

demo: setup
	$(BIN)/python -m core demo

test: setup-dev chromium
	$(PYTEST)

quick: setup-dev
	$(PYTEST) --quick

# Writes tests/durations.json, after tests were added or have become quicker.
durations: setup-dev chromium
	$(PYTEST) --record-durations

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.app-ready
setup-dev: $(VENV)/.dev-ready

$(VENV)/.python-ready:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Lightbox needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is" "$$($(PYTHON) -V 2>&1)." \
	       "Install one and run: PYTHON=python3.12 make $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Each mark is set only after a successful install, so an interrupted one is done again.
$(VENV)/.app-ready: requirements.txt | $(VENV)/.python-ready
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.txt
	@touch $@

$(VENV)/.dev-ready: requirements.txt requirements-dev.txt | $(VENV)/.python-ready
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/.app-ready

# The browser's tests drive an installed Chromium or Chrome; without one, it is installed.
chromium: setup-dev
	@sh tests/browser/install_chromium.sh $(BIN)/python

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
