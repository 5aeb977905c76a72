# Every target does its own set-up; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PY := .venv/bin/python
# Some machines forbid byte code. Hundreds of processes are started here, and each would compile its libraries anew: for torch 20 s.
export PYTHONDONTWRITEBYTECODE :=
MKDOCS := .venv-docs/bin/mkdocs

.PHONY: help
help: ## list every target
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | awk -F'\t' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: env
env: ## create .venv from locks/dev.lock (fetches uv where it is missing)
	@tools/env.sh

.PHONY: demo
demo: env ## start a cluster, break four things, watch each being healed
	@$(PY) -m planaria_scenarios demo

.PHONY: test
test: env lint verify ## every check and every test, the real cluster included
	@tools/env.sh vllm || { [ $$? = 3 ] && echo "!!! NOT TESTED: a real vLLM, whose packages cannot be had here. Its fake was. !!!" >&2; }
	@tools/env.sh train
	@$(PY) -m planaria_cluster up
	@$(IMAGES_FIRST)
	@$(MAKE) --no-print-directory --keep-going --jobs=2 test-real test-computing

# Traced code takes twice as long, and an operator that is traced is not the one that ships.
.PHONY: coverage
coverage: ## every test once more, traced, and how much of the code they reach
	@$(MAKE) --no-print-directory test TRACED="--cov --cov-report="
	@.venv/bin/coverage combine --quiet .coverage.cluster .coverage.unit .coverage.apart
	@.venv/bin/coverage report --skip-covered
	@.venv/bin/coverage xml --quiet

# On a new machine the images take longer than a test may. What fails here, the tests tell again.
IMAGES_FIRST = $(PY) -m planaria_cluster images || true

# Two run at a time. One after the other, what needs a real cluster: the lane apart with one of its own, then what takes the shared one
# for itself, because it takes nodes away and installs operators that see every namespace. Beside them, giving way, what only computes.
LANE = 2>&1 | sed -u 's/^/[$(@:test-%=%)] /'
TOLD := --durations=15
TRACED :=
GIVES_WAY := nice -n 19
COMPUTES := not cluster and not apiserver and not vllm and not images
IN_TURN = failed=0; for lane in $(1); do $(MAKE) --no-print-directory test-$$lane || failed=1; done; exit $$failed

.PHONY: test-real
test-real:
	+@$(call IN_TURN,apart cluster)

.PHONY: test-computing
test-computing:
	+@$(call IN_TURN,policy unit)

.PHONY: test-cluster
test-cluster: env
	@COVERAGE_FILE=.coverage.cluster $(PY) -m pytest $(TOLD) $(TRACED) \
	  -m "cluster and (images or not apart) and not vllm_scenarios and not learned and not outage" $(LANE)

.PHONY: test-policy
test-policy: env
	@$(GIVES_WAY) .venv-train/bin/python -m pytest tests/policy -q $(TOLD) $(LANE)

.PHONY: test-unit
test-unit: env
	@COVERAGE_FILE=.coverage.unit $(GIVES_WAY) $(PY) -m pytest $(TOLD) $(TRACED) -m "$(COMPUTES)" $(LANE)

.PHONY: test-apart
test-apart: env
	@export PLANARIA_CLUSTER="$${PLANARIA_CLUSTER:-planaria}-code" COVERAGE_FILE=.coverage.apart; \
	  trap '$(PY) -m planaria_cluster down >/dev/null || true' EXIT; \
	  $(PY) -m pytest $(TOLD) $(TRACED) \
	  -m "(not cluster or apart and not images) and not vllm_scenarios and not ($(COMPUTES))" $(LANE)

.PHONY: test-vllm
test-vllm: env ## only the tests against a real vLLM, which needs no GPU (3 GB to fetch the first time)
	@tools/env.sh vllm
	@$(PY) -m pytest tests/vllm -m vllm --durations=5

.PHONY: unit
unit: env ## only the tests that need no cluster (ten minutes; name a folder to pytest for less)
	@$(PY) -m pytest -m "$(COMPUTES)" -q

.PHONY: e2e-policy
e2e-policy: env ## the scenarios on the real cluster, decided by the learned policy (six minutes)
	@$(PY) -m planaria_cluster up
	@$(PY) -m pytest tests/e2e/test_learned_policy.py -m learned

.PHONY: e2e
e2e: env ## only the scenarios on the real cluster
	@$(PY) -m pytest tests/scenarios tests/e2e -m "cluster and not learned and not outage"

.PHONY: e2e-helm
e2e-helm: env ## helm install with images of this checkout, and the scenarios healed from inside the cluster (eight minutes)
	@$(PY) -m planaria_cluster up
	@$(IMAGES_FIRST)
	@$(MAKE) --no-print-directory --keep-going --jobs=2 e2e-helm-shared e2e-helm-apart

HELM = $(PY) -m pytest --durations=10
.PHONY: e2e-helm-shared e2e-helm-apart
e2e-helm-shared: env
	@$(HELM) tests/chart/test_install.py tests/chart/test_in_cluster.py $(LANE)

e2e-helm-apart: env
	@$(HELM) tests/chart -m apart $(LANE)

.PHONY: e2e-outage
e2e-outage: env ## etcd, API server, network, services taken away in mid-remediation, on a cluster of its own (eight minutes)
	@$(PY) -m pytest tests/outage -m outage
	@$(PY) -m planaria_cluster down --name "$${PLANARIA_CLUSTER:-outage}"

.PHONY: lint
lint: env ## ruff, mypy, import-linter
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo 2>/dev/null || .venv/bin/lint-imports

.PHONY: format
format: env ## format the code and mend what ruff can mend
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

.PHONY: generate
generate: env ## write crds/, docs/reference/ and what is made of the chart anew
	@$(PY) -m planaria_operator.api.crds
	@$(PY) -m planaria_operator.api.reference
	@$(PY) -m charts.generate
	@$(PY) -m planaria_observability generate

.PHONY: verify
verify: env ## fail where a generated file is not what the code says
	@$(PY) -m planaria_operator.api.crds --check
	@$(PY) -m planaria_operator.api.reference --check
	@$(PY) -m charts.generate --check
	@$(PY) -m planaria_observability generate --check

.PHONY: docs
docs: ## build the documentation as a site into site/; a warning or a dead link is an error
	@tools/env.sh docs
	@NO_MKDOCS_2_WARNING=1 $(MKDOCS) build --strict

.PHONY: docs-serve
docs-serve: ## show the documentation on 127.0.0.1:8000, anew at every change
	@tools/env.sh docs
	@NO_MKDOCS_2_WARNING=1 $(MKDOCS) serve

.PHONY: train-env
train-env: ## create .venv-train (torch and the like) from locks/train.lock
	@tools/env.sh train

.PHONY: semantics
semantics: train-env ## make the shipped encoder anew from the corpus, and measure it (two hours; eight without AVX-512; after a stop it goes on)
	@.venv-train/bin/planaria semantics train
	@.venv-train/bin/planaria semantics evaluate --baselines --plots docs/images --json docs/semantics.json --noise-model

.PHONY: policy
policy: train-env ## train the shipped policy from nothing, test it and put it in its place (a quarter of an hour)
	@.venv-train/bin/planaria policy train --output runs/policy
	@.venv-train/bin/planaria policy export --run runs/policy

.PHONY: bench-policy
bench-policy: train-env ## measure the policy against the rules and an oracle (an hour)
	@mkdir -p results
	@.venv-train/bin/python -m bench policy --json results/policy.json --check

.PHONY: bench-service
bench-service: env ## measure the policy service: latency at 500 questions a second, memory, cold start
	@mkdir -p results
	@$(PY) -m bench service --json results/service.json

.PHONY: bench
bench: env ## measure recovery with and without the operator (about ten minutes)
	@mkdir -p results
	@$(PY) -m bench recovery --json results/recovery.json --plot results/recovery.png --check

.PHONY: cluster-up
cluster-up: env ## start the local cluster (two real nodes)
	@$(PY) -m planaria_cluster up

.PHONY: cluster-down
cluster-down: env ## remove the local cluster and all it made
	@$(PY) -m planaria_cluster down

.PHONY: cluster-status
cluster-status: env ## what of the local cluster is running
	@$(PY) -m planaria_cluster status

.PHONY: doctor
doctor: env ## what this machine lacks for the local cluster, and how to install it
	@$(PY) -m planaria_cluster doctor

.PHONY: images
IMAGES ?= operator policy
images: env ## build the images and their bills of materials into dist/ (IMAGES="operator policy trainer", IMAGE_OPTIONS=...)
	@$(PY) -m planaria_cluster images $(IMAGES) $(IMAGE_OPTIONS)

.PHONY: operator
operator: env ## run the operator from this checkout against the local cluster
	@$(PY) -m planaria_operator run --kubeconfig "$$($(PY) -m planaria_cluster kubeconfig)" --log-format console

.PHONY: lock
lock: ## resolve the dependencies anew into locks/
	@tools/env.sh lock

.PHONY: clean
clean: ## remove what the checks leave in this checkout (not the cluster)
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* coverage.xml dist results
