# 廊桥 Langqiao. `make help` lists every target.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install demo serve test test-slow test-browser test-axe test-postgres test-slurm test-crash test-all cover lint format bench locale lock clean

help: ## list every target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.installed: requirements/dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -r requirements/dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund --silent
	touch $@

WEB_SOURCES := $(shell find src/langqiao/web/assets -type f 2>/dev/null)
src/langqiao/web/static/dist/.built: node_modules/.installed $(WEB_SOURCES)
	npm run --silent build
	touch $@

PO := $(wildcard src/langqiao/locale/*/LC_MESSAGES/django.po)
MO := $(PO:.po=.mo)
%.mo: %.po $(VENV)/.installed
	$(BIN)/python scripts/compile_catalogue.py $< $@

# Slow tests take as long as they take.
PATIENT := -o faulthandler_timeout=0

install: $(VENV)/.installed src/langqiao/web/static/dist/.built $(MO) ## create the environment and build the pages' assets

demo: install ## load the demo corridor, print one match and serve the site
	$(BIN)/langqiao demo

serve: install ## serve the site with the data that is there
	$(BIN)/langqiao serve

test: install ## the quick test suite, on all cores
	$(BIN)/pytest -n auto --dist worksteal

test-slow: install ## long-running tests (crashes, large corpora)
	$(BIN)/pytest $(PATIENT) -m "slow and not browser"

test-browser: install ## the pages in headless Chromium
	LANGQIAO_TEST_DATABASE=file $(BIN)/pytest -m "browser and not slow" tests/web

test-axe: install ## every page of the demo by axe-core, in both languages and themes (half an hour)
	LANGQIAO_TEST_DATABASE=file $(BIN)/pytest $(PATIENT) -m "browser and slow" tests/web

POSTGRES ?= postgres
test-postgres: install ## the same verbs on a real PostgreSQL
	$(BIN)/pytest $(PATIENT) -m "$(POSTGRES)" tests/postgres

test-slurm: install ## the Slurm back end against a real slurmctld and slurmd (Debian: slurm-wlm, munge)
	$(BIN)/pytest -m slurm tests/engines/scheduling/slurm tests/cli/computing

test-crash: install ## key management entities killed a thousand times under load
	$(BIN)/pytest $(PATIENT) -m crash tests/kme

test-all: test test-slow test-browser test-axe test-postgres test-slurm test-crash ## everything

cover: install ## the quick suite with coverage
	$(BIN)/pytest --cov=langqiao --cov-report=term-missing:skip-covered

lint: install ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

locale: $(VENV)/.installed ## collect the interface's texts and list those without English (needs GNU gettext)
	scripts/update_catalogue.sh
	$(BIN)/python scripts/fill_catalogue.py

format: install ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

DATA ?= ../shared/data
bench: install ## benchmarks on real data; DATA names its folder
	$(BIN)/python -m benchmarks.matching --docs $(DATA)/csl/dev.jsonl $(DATA)/csl/distractors.jsonl \
	  --queries $(DATA)/csl/dev.jsonl --requirements $(DATA)/requirements/requirements.csv
	$(BIN)/python -m benchmarks.experts --data $(DATA)/experts/dev.jsonl
	$(BIN)/python -m benchmarks.pages --docs $(DATA)/csl/dev.jsonl $(DATA)/csl/distractors.jsonl
	$(BIN)/python -m benchmarks.assignment --midl $(DATA)/reviewers/midl_scores.npy \
	  --price $(DATA)/reviewers/preflib1.npz 3 6 items --price $(DATA)/reviewers/preflib2.npz 3 6 items
	$(BIN)/python -m benchmarks.selection
	$(BIN)/python -m benchmarks.valuation
	$(BIN)/python -m benchmarks.scheduling --nodes $(DATA)/openb/openb_node_list_gpu_node.csv \
	  --pods $(DATA)/openb/openb_pod_list_default.csv --expected $(DATA)/fgd_expected/alloc_at_130_mean.csv
	$(BIN)/python -m benchmarks.own_policy --nodes $(DATA)/openb/openb_node_list_gpu_node.csv \
	  --pods $(DATA)/openb/openb_pod_list_*.csv
	$(BIN)/python -m benchmarks.simulation --nodes $(DATA)/openb/openb_node_list_gpu_node.csv \
	  --pods $(DATA)/openb/openb_pod_list_default.csv
	$(BIN)/python -m benchmarks.chains --product-chain $(DATA)/product_chain
	$(BIN)/python -m benchmarks.eye
	$(BIN)/python -m benchmarks.open_data
	$(BIN)/python -m benchmarks.quantum_allocation --topologies $(DATA)/qkd_topologies/graphs
	$(BIN)/python -m benchmarks.kme
	$(BIN)/python -m benchmarks.sealed

lock: ## renew the locked versions
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile pyproject.toml --universal --no-strip-extras --no-emit-index-url --no-header --generate-hashes \
	  --extra postgres --upgrade -q -o requirements/runtime.lock
	$(BIN)/uv pip compile pyproject.toml --universal --no-strip-extras --no-emit-index-url --no-header --generate-hashes \
	  --group dev --extra postgres --upgrade -q -o requirements/dev.lock

clean: ## remove what was built; data in var/ stays
	rm -rf $(VENV) node_modules src/langqiao/web/static/dist
