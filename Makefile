# The door to everything. Nothing but Python 3.11, make and git needs to be installed before.
PYTHON ?= $(shell command -v python3 || command -v python3.13 || command -v python3.12 || command -v python3.11 || echo python3)
BOOTSTRAP = @exec $(PYTHON) tools/bootstrap.py

.PHONY: run demo test check fmt bench build screenshots pins

run: ## install what is missing, build what changed, serve
	$(BOOTSTRAP) run

demo: ## as run, with simulated card terminals and visitors, in a folder of its own
	$(BOOTSTRAP) demo

test: ## install what the tests need and run them; make test ARGS="tests/api -x"
	$(BOOTSTRAP) test $(ARGS)

check: ## format, lint, types, import rules
	$(BOOTSTRAP) check

fmt: ## format, and fix what can be fixed
	$(BOOTSTRAP) fmt

bench: ## benchmarks that print tables; JSON=1 for JSON lines
	$(BOOTSTRAP) bench $(ARGS)

build: ## only the front end, when something it comes from has changed
	$(BOOTSTRAP) build

screenshots: ## pictures of the pages for the README, from a throw-away sample
	$(BOOTSTRAP) screenshots

pins: ## requirements*.in -> requirements*.txt, for all platforms
	$(BOOTSTRAP) pins
