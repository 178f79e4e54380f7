# make app    set up, and open Lightbox in the browser
# make demo   set up, and train on the sample from the command line
# make test   set up, and run every test, the browser's included
# make quick  set up, and run what is quickly run: no browser, no training
# make lint   set up, and check style, formatting and types
# make lock   write requirements.lock anew, after requirements.txt was changed
# make audit  look for known holes in what is installed, and write sbom.json, a bill of materials
#
# Everything is installed into .venv here; a second call finds it there and goes on at once.
# PYTHON=python3.12 make app   uses another Python (3.11 to 3.13).

PYTHON ?= python3
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
# What audits is kept apart from what is audited.
TOOLS := $(VENV)-tools/bin
TEST_WORKERS ?= 2
TESTS ?= tests
# A worker takes file after file, the longest first (tests/measured.py).
# What failed is tried once more, alone, where it is little (tests/again.py).
PYTEST := $(BIN)/python -m tests.again $(TESTS) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder

# Tests start hundreds of processes: what one has compiled, the next one finds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: app demo test quick durations lint format lock audit setup setup-dev chromium provider clean

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

# requirements.lock is for all platforms and for 3.11 to 3.13; uv works that out.
lock: $(VENV)/.tools-ready
	$(TOOLS)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes \
	  --upgrade --quiet --custom-compile-command "make lock" --output-file requirements.lock

# Both look at what is installed for the app. The first asks a database of known holes; where the
# network doesn't let it, that is said, and the bill of materials is written all the same.
audit: setup $(VENV)/.tools-ready
	$(TOOLS)/cyclonedx-py environment $(BIN)/python --output-reproducible --of JSON -o sbom.json
	@$(TOOLS)/pip-audit --require-hashes --disable-pip -r requirements.lock > $(VENV)/audit.txt; \
	  status=$$?; cat $(VENV)/audit.txt; \
	  if [ $$status -gt 1 ] || grep -q "could not be audited" $(VENV)/audit.txt; then \
	    echo "The database of known holes could not be asked about all of it; sbom.json is written."; \
	    exit 1; \
	  fi; exit $$status

setup: $(VENV)/.app-ready
setup-dev: $(VENV)/.dev-ready

$(VENV)/.python-ready:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Lightbox needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is" "$$($(PYTHON) -V 2>&1)." \
	       "Install one and run: PYTHON=python3.12 make $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Each mark is set only after a successful install, so an interrupted one is done again.
$(VENV)/.app-ready: requirements.lock | $(VENV)/.python-ready
	@echo "Installing what Lightbox needs (TensorFlow, Streamlit and others, about 3 GB on the disk)"
	@echo "into $(VENV). This takes some minutes, this first time only …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --require-hashes \
	  -r requirements.lock
	@touch $@

$(VENV)/.dev-ready: requirements.txt requirements-dev.txt requirements-team.txt requirements-ray.txt | $(VENV)/.python-ready
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@ $(VENV)/.app-ready

$(VENV)/.tools-ready: requirements-audit.txt | $(VENV)/.python-ready
	$(PYTHON) -m venv $(VENV)-tools
	$(TOOLS)/python -m pip install --disable-pip-version-check -q -r requirements-audit.txt
	@touch $@

# The browser's tests drive an installed Chromium or Chrome; without one, it is installed.
chromium: setup-dev
	@sh tests/browser/install_chromium.sh $(BIN)/python

# A provider of identities for tests, which skip what needs it where there is no Node.
provider:
	cd tests/provider && npm ci --no-audit --no-fund

clean:
	rm -rf $(VENV) $(VENV)-tools .mypy_cache .pytest_cache .ruff_cache
