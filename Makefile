# The commands of this project. `make run` and `make test` need git, make and Python 3.11 to 3.13, nothing else.

PORT ?= 8000
INSTANCE ?= $(CURDIR)/instance
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin

export LMS_ENV ?= development
export LMS_INSTANCE = $(INSTANCE)

.DEFAULT_GOAL := help
.PHONY: help run test fast walk lint types bench translate messages lock check

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

run: .venv/ready ## prepare everything and run the platform (PORT=8000, INSTANCE=./instance)
	@$(BIN)/python -m flask --app wsgi start --port $(PORT)

test: .venv/tests ## run everything there is to test here
	@$(BIN)/python -m pytest -q -n 2

fast: .venv/tests ## run the tests without the browser stories
	@$(BIN)/python -m pytest -q -n 2 -m "not walk"

walk: .venv/tests ## run the browser stories only
	@$(BIN)/python -m pytest -q -n 2 -m walk

lint: .venv/tests ## check style: ruff, djlint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --lint --quiet lms/templates

types: .venv/tests ## check types: mypy, strict on lms/
	@$(BIN)/mypy

bench: .venv/tests ## measure the hot pages against this machine's own limits
	@$(BIN)/python -m tests.bench

messages: .venv/tests ## collect new sentences for the English translation
	@$(BIN)/pybabel -q extract -F lms/translations/babel.cfg -k _l -k Refused -k FileRefused -k RefusedField -k Unreadable -k Locked -k NotReady -k Incomplete -k TooLong -k N_ --omit-header --no-location --sort-output -o lms/translations/messages.pot lms
	@$(BIN)/pybabel -q update -i lms/translations/messages.pot -d lms/translations -l en --omit-header --no-fuzzy-matching --ignore-obsolete

translate: .venv/tests ## compile the English translation
	@$(BIN)/pybabel -q compile -f -d lms/translations

lock: .venv/ready ## write the hash-locked requirements anew
	@$(BIN)/python -m pip install -q uv
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra tests --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q -c requirements.txt -o tests/requirements.txt

check: .venv/ready ## check the course folders
	@$(BIN)/python -m flask --app wsgi content check content

.venv/made:
	@test -n "$(PYTHON)" || { echo "Pasang Python 3.11, 3.12, atau 3.13, lalu ulangi."; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: requirements.txt .venv/made
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/tests: tests/requirements.txt .venv/ready
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@
