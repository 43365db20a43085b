# The first python3 is only used to make .venv; everything else runs in there
SYSTEM_PYTHON ?= python3
PYTHON := .venv/bin/python
BIN := .venv/bin
LINT := .local/lint/bin
PYTEST := $(PYTHON) -m pytest

# What a user gives goes through the environment, unexpanded: neither make nor the shell reads it
$(foreach name,DAY SOURCE HOURS FROM TO PORT BASE HOUR YES TASKS DROP,$(eval override $(name) := $$(value $(name))))
export DAY SOURCE HOURS FROM TO PORT BASE HOUR YES TASKS DROP
OPTIONS = $${SOURCE:+--source "$$SOURCE"} $${PORT:+--port "$$PORT"}

# schemachange's own Python must not be found before ours
WITH_SCHEMACHANGE = PATH="$$PATH:$(CURDIR)/.local/schemachange/bin" $(PYTHON)
DEPLOY = $(WITH_SCHEMACHANGE) -m include.sql.deploy

.DEFAULT_GOAL := setup
.PHONY: setup run backfill up down status test test-fast test-long test-stand-in conformance bench-ingest bench-bronze bench-extraction bench-dbt bench-day lint types manifest docs dbt-slim function-package snowflake-account snowflake-plan snowflake-deploy account-check lock clean help

setup: ## Install everything into this folder; each step once
	@$(SYSTEM_PYTHON) -m local.setup

run: setup ## Run one day: DAY=2015-01-01 HOURS=14-17 SOURCE=folder of hours
	@$(PYTHON) -m local run $${DAY:+--day "$$DAY"} $(OPTIONS) $${HOURS:+--hours "$$HOURS"}

backfill: setup ## Run several days: FROM=2015-01-01 TO=2015-01-03, and HOURS, SOURCE
	@$(PYTHON) -m local backfill $${FROM:+--from "$$FROM"} $${TO:+--to "$$TO"} $(OPTIONS) \
	  $${HOURS:+--hours "$$HOURS"}

up: setup ## Start the stand-ins and the Airflow web UI (PORT=8080), and leave them running
	@$(PYTHON) -m local up $(OPTIONS)

down: ## Stop what `make up` started
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi

status: setup ## Show what is running, and where
	@$(PYTHON) -m local status

test: setup ## Run the tests
	@# In the order of conftest.py: by number of tests, the longest folder would come last
	@$(PYTEST) -m "not long" -n 2 --no-loadscope-reorder

test-fast: setup ## Run the tests that take little: a minute or two together
	@$(PYTEST) -m "not slow and not long" -n 2 --no-loadscope-reorder --durations=5

test-long: setup ## Run the tests with full counts
	@$(PYTEST) -m long

test-stand-in: setup ## Run the tests of the laptop's Snowflake alone
	@$(PYTEST) snowflake_stand_in/tests -n 2

conformance: setup ## Try the behaviours of Snowflake we rely on; write snowflake_stand_in/CONFORMANCE.md
	@PYTHONPATH=snowflake_stand_in/tests $(PYTHON) -m conformance

bench-ingest: setup ## Measure ingest against its peers, and write bench/README.md
	@$(PYTHON) -m bench.ingest

bench-bronze: setup ## Measure the load into Bronze against DuckDB's own, and write bench/README.md
	@$(PYTHON) -m bench.bronze

bench-extraction: setup ## Measure Silver's extraction against DuckDB's own, and write bench/README.md
	@$(PYTHON) -m bench.extraction

bench-dbt: setup ## Count what a day reads after 60 days, one and five years, and write bench/README.md
	@$(PYTHON) -m bench.dbt

bench-day: setup ## Measure a whole day, source to Gold, against DuckDB, and write bench/README.md
	@$(PYTHON) -m bench.day

lint: ## Check style and SQL; installs its own tools only
	@$(SYSTEM_PYTHON) -m local.setup lint
	@$(LINT)/ruff check .
	@$(LINT)/ruff format --check .
	@PYTHONPATH=.:snowflake_stand_in/src $(LINT)/lint-imports --no-logo --no-cache
	@$(LINT)/sqlfluff lint include/sql/load include/sql/news include/als
	@# From its own folder, whose settings name another templater
	@cd include/dbt && ../../$(LINT)/sqlfluff lint models

types: setup ## Check types, which are those of everything installed
	@$(BIN)/mypy .

manifest: ## Make dbt's manifest again if the project has changed
	@$(SYSTEM_PYTHON) -m local.setup packages manifest

docs: setup ## Build dbt's documentation, one page
	@$(PYTHON) -m local.setup manifest
	@echo include/dbt/target/static_index.html

dbt-slim: setup ## Build again the models that differ from BASE=main, and what reads them
	@rm -rf .local/base && mkdir -p .local/base
	@git archive "$${BASE:-main}" include/dbt | tar -x -C .local/base
	@$(BIN)/dbt --quiet parse --project-dir .local/base/include/dbt --profiles-dir include/dbt
	@$(BIN)/dbt build --full-refresh --select state:modified+ \
	  --state "$(CURDIR)/.local/base/include/dbt/target" \
	  --project-dir include/dbt --profiles-dir include/dbt

function-package: ## Build .local/function, the folder that func azure functionapp publish takes
	@$(SYSTEM_PYTHON) -m local.function_package

snowflake-plan: setup ## Print what snowflake-deploy would run
	@$(DEPLOY) --plan

snowflake-account: setup ## Prepare the account for deployments, as its ACCOUNTADMIN; PLAN=1 prints
	@$(PYTHON) -m include.sql.account $(if $(PLAN),--plan)

snowflake-deploy: setup ## Bring the configured Snowflake account to include/sql/migrations
	@$(DEPLOY)

account-check: setup ## Try a Snowflake account for what we expect of it, and drop it all: YES=1 TASKS=1 DROP=
	@$(WITH_SCHEMACHANGE) -m account_check $${YES:+--yes} $${TASKS:+--tasks} \
	  $${SOURCE:+--source "$$SOURCE"} $${HOUR:+--hour "$$HOUR"} $${DROP:+--drop "$$DROP"}

lock: setup ## Compile requirements*.in; UPGRADE=1 takes the newest versions
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header $(if $(UPGRADE),--upgrade) \
	  requirements.in --output-file requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header $(if $(UPGRADE),--upgrade) \
	  requirements-dev.in snowflake_stand_in/pyproject.toml --extra test --output-file requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header $(if $(UPGRADE),--upgrade) \
	  functions/requirements.in --constraints requirements.txt --output-file functions/requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header $(if $(UPGRADE),--upgrade) \
	  include/sql/requirements.in --output-file include/sql/requirements.txt

clean: down ## Stop everything and delete all that set-up and runs have made
	@rm -rf .venv .local include/dbt/target include/dbt/logs

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24
