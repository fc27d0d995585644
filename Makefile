# One file for the workflow; CI calls the same words.
# The first of these that runs: a name on the PATH may be a shim for a version that is not there.
PYTHON := $(shell for p in python3.12 python3.11 python3.13 python3.14 python3; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11, 4) <= sys.version_info[:3] < (3, 15))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST_ARGS ?=
# Tests wait more than they compute: four processes keep two cores busy, each with servers of its own. Tests named in
# PYTEST_ARGS run in one, which starts sooner.
TEST_PROCESSES ?= $(if $(findstring tests,$(PYTEST_ARGS)),0,4)

.PHONY: demo up test faults chaos storms plants check format bench growth networks night queued in-flight alone commands one-run promises credits reconciling sequences real-answers mix reading-cost reading-modes reading-together clean client restore scrape limits rereading coverage published repeats listening reads pages requests
.DELETE_ON_ERROR:

demo: $(READY)
	@$(BIN)/senso demo

up: $(READY)
	@$(BIN)/senso up

test: $(VENV)/.ready-test
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# Every fault of docs/faults.md, on real processes: an hour; some of them: PYTEST_ARGS="-k rounds". What was measured
# takes the place of its rows in the page.
faults: $(VENV)/.ready-test
	@rm -f build/faults.jsonl && mkdir -p build
	@FAULTS_RESULTS=build/faults.jsonl $(BIN)/python -m pytest -m "" tests/faults $(PYTEST_ARGS); \
		outcome=$$?; $(BIN)/python tests/faults/table.py build/faults.jsonl docs/faults.md; exit $$outcome

# A mix of faults by lot under load: make chaos MINUTES=20 SEED=7; without a seed the clock gives one. docs/chaos.md is
# made anew from this run and those before it in build/chaos.
chaos: $(VENV)/.ready-test
	@CHAOS_RESULTS=build/chaos MINUTES="$(MINUTES)" SEED="$(SEED)" $(BIN)/python -m pytest -m "" -s \
		tests/faults/chaos.py; outcome=$$?; $(BIN)/python tests/faults/chaos_page.py build/chaos docs/chaos.md; exit $$outcome

# Random sequences of all that moves credits against a model of the rules, and interleavings of the same from threads:
# make sequences SEQUENCES=300 INTERLEAVINGS=100 SEED=7; without a seed the clock gives one.
sequences: $(VENV)/.ready-test
	@SEQUENCES=$(or $(SEQUENCES),300) STEPS=$(or $(STEPS),60) INTERLEAVINGS=$(or $(INTERLEAVINGS),100) \
		SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest -n 0 --timeout 7200 \
		tests/credits/test_sequences.py tests/credits/test_interleavings.py $(PYTEST_ARGS)

# Requests that schemathesis makes up, to every route of the API: make requests EXAMPLES=100 SEED=7
requests: $(VENV)/.ready-test
	@EXAMPLES=$(or $(EXAMPLES),100) SEED=$(or $(SEED),$(shell date +%s)) $(BIN)/python -m pytest -n 0 --timeout 7200 \
		tests/api/test_any_request.py $(PYTEST_ARGS)

# A typed Python client, generated from the OpenAPI document: pip install build/client
client: $(VENV)/.ready-test
	@$(BIN)/python tests/generated_client.py build/client

# Every violation that can be planted alone, and which of them doctor sees: three minutes. The page is made anew.
plants: $(VENV)/.ready-test
	@rm -f build/plants.jsonl && mkdir -p build
	@PLANTS_EVERY=1 PLANTS_RESULTS="$(CURDIR)/build/plants.jsonl" $(BIN)/python -m pytest tests/plants $(PYTEST_ARGS); \
		outcome=$$?; $(BIN)/python tests/plants/table.py build/plants.jsonl docs/plants.md; exit $$outcome

check: $(VENV)/.ready-test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(VENV)/.ready-test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.ready-bench
	@$(BIN)/python bench/run.py $(BENCH_ARGS)

# 1, 4 and 16 times the work, 1, 2 and 4 call workers, in one table: GROWTH_ARGS="--cells 20x2 80x2"
growth: $(VENV)/.ready-bench
	@$(BIN)/python bench/growth.py $(GROWTH_ARGS)

# A night of mixed faults at every vendor, three seeds: MIX_ARGS="--orgs 5 --seeds 7"
mix: $(VENV)/.ready-bench
	@$(BIN)/python bench/mix.py $(MIX_ARGS)

# One organisation, its answers read by calls and in a file at half the price.
reading-modes: $(VENV)/.ready-bench
	@$(BIN)/python bench/reading_modes.py

# What reading 60 answers costs beside three calls an answer, at the prices of two models; nobody is called.
reading-cost: $(VENV)/.ready-bench
	@$(BIN)/python bench/reading_cost.py

# Networks of 1, 10 and 50 organisations, read by one call for many and by a call for each.
reading-together: $(VENV)/.ready-bench
	@$(BIN)/python bench/reading_together.py

# 10,000 stored answers read again, and once more with a kill -9 half-way: REREADING_ARGS="--answers 1000"
rereading: $(VENV)/.ready-bench
	@$(BIN)/python bench/rereading.py $(REREADING_ARGS)

# 1,500 organisations, 90,000 runs, minute by minute, and the promises after them: NIGHT_ARGS="--orgs 100"
night: $(VENV)/.ready-bench
	@$(BIN)/python bench/night.py $(NIGHT_ARGS)

# A network of 50 organisations, 60 questions asked once and 3,000 readings: NETWORKS_ARGS="--orgs 3000" is a night of 60
# networks, "--one-by-one" a call for each organisation
networks: $(VENV)/.ready-bench
	@$(BIN)/python bench/networks.py $(NETWORKS_ARGS)

# 100,000 batches queued: what grows while they wait: QUEUED_ARGS="--batches 100000 --minutes 5"
queued: $(VENV)/.ready-bench
	@$(BIN)/python bench/queued.py $(QUEUED_ARGS)

# 400 calls in flight for a minute, at the speed of real models: IN_FLIGHT_ARGS="--calls 200 --seconds 60"
in-flight: $(VENV)/.ready-bench
	@$(BIN)/python bench/in_flight.py $(IN_FLIGHT_ARGS)

# One org by itself, direct and as six snapshots of 60 s, from its trigger to its end: ALONE_ARGS="--case snapshots"
alone: $(VENV)/.ready-bench
	@$(BIN)/python bench/alone.py $(ALONE_ARGS)

# A command from its first character to its end, with a stack that is up: COMMANDS_ARGS="--rounds 15"
commands: $(READY)
	@$(BIN)/python bench/commands.py $(COMMANDS_ARGS)

# What limits and breakers cost for a call; LIMITS_ARGS=--tokens: four processes, one of them killed, and the tokens that
# each minute gets
limits: $(READY)
	@$(BIN)/python bench/limits.py $(LIMITS_ARGS)

# 1,000 listeners of live events while batches go through the sandbox; small:
# LISTENING_ARGS="--runs 600 --listeners 200 --rounds 1"
listening: $(VENV)/.ready-bench
	@$(BIN)/python bench/listening.py $(LISTENING_ARGS)

# How long each route that reads takes in a database of 500,000 runs, and whether it reads a whole table:
# READS_ARGS="--runs 5000000 --folder /big/disk/reads"
reads: $(VENV)/.ready-bench
	@$(BIN)/python bench/reads.py $(READS_ARGS)

# The same of each page of the dashboard, and how large it is: READS_ARGS as of reads
pages: $(VENV)/.ready-bench
	@$(BIN)/python bench/pages.py $(READS_ARGS)

# CPU of one run by itself, without Celery and Postgres, part by part: ONE_RUN_ARGS="--orgs 5 --rounds 2"
one-run: $(READY)
	@$(BIN)/python bench/one_run.py $(ONE_RUN_ARGS)

# `doctor --invariants` in a database of 100,000 runs: each check, the command, and false alarms beside work:
# PROMISES_ARGS="--runs 100000 --looks 30"
promises: $(VENV)/.ready-bench
	@$(BIN)/python bench/promises.py $(PROMISES_ARGS)

# 50 batches of one partner at once, credits for 10 of them, second by second; and the same with retries, cancels, grants
# and killed workers mixed in: CREDITS_ARGS="--case mixed --seed 7"
credits: $(VENV)/.ready-bench
	@$(BIN)/python bench/credits.py $(CREDITS_ARGS)

# How long the ledger takes to be compared with the work of 100,000 runs: RECONCILING_ARGS="--runs 1000000"
reconciling: $(VENV)/.ready-bench
	@$(BIN)/python bench/reconciling.py $(RECONCILING_ARGS)

# Backup of 100,000 runs, its restore into empty servers, and pruning: RESTORE_ARGS="--runs 10000"
restore: $(VENV)/.ready-bench
	@$(BIN)/python bench/restore.py $(RESTORE_ARGS)

# A vendor in trouble beside a healthy one: 429, an outage, calls that hang, slow ones, a key that is refused. Half an
# hour: STORMS_ARGS="--scenes storm key --seconds 30"
storms: $(READY)
	@$(BIN)/python bench/storms.py $(STORMS_ARGS)

# A scrape of the metrics in a database of 500,000 runs, and how fast what ended is counted: SCRAPE_ARGS="--runs 5000000"
scrape: $(VENV)/.ready-bench
	@$(BIN)/python bench/scrape.py $(SCRAPE_ARGS)

# How often intervals hold what they say, and how often changes are seen: docs/numbers.md. COVERAGE_ARGS="--samples 1000"
coverage: $(VENV)/.ready-bench
	@$(BIN)/python bench/coverage.py $(COVERAGE_ARGS)

# How steady the real answers are, by labels and by our rules: docs/numbers.md.
published: $(READY)
	@$(BIN)/python bench/published.py

# What repeats of questions give, and what asking further only near a decision saves: docs/numbers.md.
repeats: $(VENV)/.ready-bench
	@$(BIN)/python bench/repeats.py $(REPEATS_ARGS)

real-answers: $(READY)
	@$(BIN)/python bench/real_answers.py

$(VENV)/.ready-bench: $(READY) bench/requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -r bench/requirements.txt
	@touch $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "senso needs Python 3.11.4 to 3.14 on the PATH"; exit 2; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(READY): $(VENV)/bin/python setup.cfg setup.py pyproject.toml constraints.txt
	@echo "Installing (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.ready-test: $(READY)
	@echo "Installing what tests need (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade --target $(VENV)/generator -r tests/generator.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .coverage*
