# Everything works from a clean clone with nothing else done: each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The tests are many small processes: one pytest worker a core.
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
# Accuracy is measured on photographs that are not part of Locard.
ACCURACY := how_good published_protocol jpeg_grid_crops resaved_scores
SPEEDS := $(filter-out $(ACCURACY:%=benchmarks/%.py),$(wildcard benchmarks/*.py))

.PHONY: help setup demo test test-all lint format bench figures docs clean

help:
	@echo "make demo      set up, examine sample photographs, write a report"
	@echo "make test      set up, run the tests (under 10 minutes on 2 cores)"
	@echo "make test-all  the slow tests as well"
	@echo "make lint      ruff and mypy"
	@echo "make bench     the benchmarks, side by side, as ratios"
	@echo "make figures   every figure of accuracy in the docs again, from DATA=FOLDER; takes an hour"
	@echo "make docs      the documentation as a site in site/"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Locard needs Python 3.11 or newer; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup
	$(BIN)/python demo/demo.py

test: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-all: setup
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	for script in $(SPEEDS); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

figures: setup
	@test -n "$(DATA)" || { echo "make figures DATA=FOLDER: benchmarks/how_good.py says what it must hold"; exit 2; }
	$(BIN)/python benchmarks/how_good.py "$(DATA)"
	$(BIN)/python docs/generate_figures.py

docs: setup
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis
