# dirv_tf: `make` explains itself. Every target first makes the environment that it needs.
#
# Settings, given behind the target (make test STACK=modern):
#   STACK=default|modern  TensorFlow 2.15.1 in .venv, or 2.21 in .venv-modern. Unset: the environment that is there,
#                         else by the Python found: 3.9 to 3.11 default, 3.12 and 3.13 modern
#   PYTHON=python3.10     the Python to make the environment with. Unset: the first suitable one found
#   GPU=1                 TensorFlow's CUDA build; the environment keeps it until GPU=0
#   PRESET=quick          experiment-.., experiments: the short version of a run, some minutes on a CPU; PRESET=thesis: the
#                         thesis's own form of step sizes and potentials, as long as the run itself
#   ARGS="--seed 7"       experiment-.., evaluate, demo, test, ..: more for the command; ARGS=--help lists what there is
#   RUN=A-6               evaluate: the run
#   SERIES=A              experiments: the series
#   PORT=6006             tensorboard: the port of its page
# End of settings.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help setup test lint package runs experiments evaluate verify tissue-data demo tensorboard report benchmark ablations classical comparison error-analysis real robustness campaign docs notebooks clean

# 3, because XLA reports a harmless "SetPriority unimplemented" as an error at every start; real failures are Python errors.
export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PORT ?= 6006

# A Python and a stack are looked for only where a target needs them: `make help` works on a bare machine.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)

# --- The stack, and the Python to make its environment with ------------------------------------------------------

ifeq ($(filter default modern,$(or $(STACK),default)),)
$(error STACK must be default or modern. Received: STACK=$(STACK))
endif
ifeq ($(filter 0 1,$(or $(GPU),0)),)
$(error GPU must be 0 or 1. Received: GPU=$(GPU))
endif

there_default := $(wildcard .venv/bin/python)
there_modern := $(wildcard .venv-modern/bin/python)
stack := $(or $(STACK),$(if $(PYTHON),,$(if $(there_default),default,$(if $(there_modern),modern))))

# Minor versions of Python 3 that the stack's TensorFlow is built for, best first.
minors_default := 11 10 9
minors_modern := 12 13 11 10
minors := $(or $(minors_$(stack)),11 10 9 12 13)
needed := $(if $(stack),The $(stack) stack,dirv_tf) needs Python 3.$(if $(filter modern,$(stack)),10,9) to \
	3.$(if $(filter default,$(stack)),11,13)
minor_of = $$("$(1)" -c 'import sys; print(sys.version_info[1] if sys.version_info[0] > 2 else 0)' 2>/dev/null </dev/null)

# A name on the PATH can be an empty shim, so a candidate must start and tell its version.
candidates := $(or $(PYTHON),$(there_$(stack)),$(minors:%=python3.%) python3 python)
found := $(shell for name in $(candidates); do minor=$(call minor_of,$$name); \
	case " $(minors) " in (*" $${minor:-none} "*) echo "$$name $$minor"; break;; esac; done)
python := $(firstword $(found))
minor := $(lastword $(found))
ifeq ($(python),)
asked := $(or $(PYTHON),$(there_$(stack)))
answer := $(or $(shell $(or $(asked),false) --version 2>&1 </dev/null | sed -n 's/^Python/is Python/p'),does not start)
ifneq ($(PYTHON),)
$(error $(needed). Received: PYTHON=$(PYTHON), which $(answer))
else ifneq ($(asked),)
$(error $(needed), but $(asked) $(answer). Remove that environment, it will be made anew: rm -r $(asked:/bin/python=))
endif
$(error $(needed), and none was found. Install one or name it, as in: make setup PYTHON=/opt/python/bin/python3.11)
endif
stack := $(or $(stack),$(if $(filter $(minors_default),$(minor)),default,modern))

VENV := .venv$(if $(filter modern,$(stack)),-modern)
PY := $(VENV)/bin/python

ifneq ($(and $(PYTHON),$(there_$(stack))),)
ifneq ($(shell echo $(call minor_of,$(PY))),$(minor))
$(error $(VENV) was made with $(shell $(PY) --version). To make it anew with $(PYTHON), first remove it: rm -r $(VENV))
endif
endif

# --- What is installed into it -----------------------------------------------------------------------------------

build := $(if $(GPU),$(if $(filter 1,$(GPU)),gpu,cpu),$(if $(wildcard $(VENV)/.installed-gpu),gpu,cpu))
version := $(if $(filter modern,$(stack)),2.21,2.15.1)
extras := $(if $(filter modern,$(stack)),[test],[test,addons])
constraints := constraints/$(stack).txt
# "tensorflow-cpu" is the smaller one, but is built for x86-64 alone; elsewhere "tensorflow" holds no CUDA code either.
cpu_package := $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' '-')),tensorflow-cpu,tensorflow)
package := $(if $(filter gpu,$(build)),tensorflow[and-cuda],$(cpu_package))
duration := $(if $(filter gpu,$(build)),fetches 3 GB: about 10 minutes,fetches half a GB: 1 to 3 minutes)
STAMP := $(VENV)/.installed-$(build)
# What the documentation and the linters need comes on top, only for those who use it.
DOCS_STAMP := $(VENV)/.installed-docs
LINT_STAMP := $(VENV)/.installed-lint

$(info The $(stack) stack: TensorFlow $(version), $(build) build, in $(VENV))

endif

# --- Targets: the text behind ## is their line in `make help` ----------------------------------------------------

help: ## This page
	@echo "dirv_tf: deformable image registration by learned variational networks"
	@echo
	@awk -F ':.*## ' '/^[a-z][a-z%-]*:.*## / { sub("%", "A1", $$1); printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Settings, with examples:"
	@awk '/^# End of settings/ { exit } /^#   / { sub("^# ", ""); print }' Makefile

setup: $(STAMP) ## Make the environment or bring it up to date (the targets below do so by themselves)
	@echo "Ready: $(VENV), $$($(PY) --version) with $$($(PY) -m pip list 2>/dev/null | awk '/^tensorflow([-_]cpu)? / { print "TensorFlow", $$2 }')"

# The CPU and the CUDA build of TensorFlow are two packages with the same files: the one has to go before the other comes.
$(STAMP): pyproject.toml setup.cfg setup.py $(constraints)
	@if [ -x $(PY) ]; then echo "Bringing $(VENV) up to date with setup.cfg and $(constraints) (seconds if little changed) ..."; \
	else echo "Making $(VENV) with $(python) ($(duration)) ..."; $(python) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; fi
	@for other in $(filter-out $(package:[and-cuda]=),tensorflow tensorflow-cpu); do \
		if $(PY) -m pip show -q $$other >/dev/null 2>&1; then rm -f $(VENV)/.installed-*; $(PY) -m pip uninstall -q -y $$other; fi; done
	@PYTHONWARNINGS=ignore DIRV_TF_TENSORFLOW='$(package)' $(PY) -m pip install -q --use-pep517 -c $(constraints) -e '.$(extras)'
	@touch $@

$(DOCS_STAMP): $(STAMP) constraints/docs.txt
	@echo "Adding what the documentation needs (a minute) ..."
	@PYTHONWARNINGS=ignore DIRV_TF_TENSORFLOW='$(package)' $(PY) -m pip install -q --use-pep517 -c $(constraints) -c constraints/docs.txt -e '.[test,docs]'
	@touch $@

$(LINT_STAMP): $(STAMP) constraints/lint.txt
	@echo "Adding the linters (seconds) ..."
	@PYTHONWARNINGS=ignore DIRV_TF_TENSORFLOW='$(package)' $(PY) -m pip install -q --use-pep517 -c $(constraints) -c constraints/lint.txt -e '.[lint]'
	@touch $@

# Split by files, because the tests of a file share what takes long to make, in the order of tests/conftest.py; more than
# four processes only take memory.
# Each of them keeps a processor busy: TensorFlow's threads would only wait for each other.
test: $(STAMP) ## Run the tests
	@TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(PY) -m pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(LINT_STAMP) ## Check style and types (ruff, mypy); ARGS=--fix: with ruff's safe corrections
	@$(PY) -m ruff check $(ARGS) .
	@$(PY) -m mypy

# The wheel is built from the source distribution, so that the one proves the other complete.
package: $(STAMP) ## Build the source distribution and the wheel into dist/
	@rm -rf dist build *.egg-info
	@$(PY) -W ignore -c "from setuptools import build_meta; build_meta.build_sdist('dist')" > /dev/null
	@$(PY) -m pip wheel -q --no-deps --no-build-isolation -w dist dist/*.tar.gz
	@rm -rf build *.egg-info
	@ls dist

experiment-%: $(STAMP) ## Train and test the run A-1; likewise the others that `make runs` lists
	@$(PY) -m experiments.run $(shell echo '$*' | sed -E 's/^([A-Z])([0-9]+)$$/\1-\2/') $(if $(PRESET),--preset $(PRESET)) $(ARGS)

runs: $(STAMP) ## List the runs
	@$(PY) -m experiments.run --list

tissue-data: $(STAMP) ## Cut the sections in data/ into patches for the runs E-1 to E-5
	@$(PY) -m dirv_tf tissue data/sections -o data/tissue_set --test-tissues lung_lesion nuclei \
		--train-patches 40 --test-patches 12 --strict

experiments: $(STAMP) ## Carry out a whole series (SERIES=A), skipping what is finished and resuming what was stopped
	@$(PY) -m experiments.series $(SERIES) $(if $(PRESET),--preset $(PRESET)) $(ARGS)

evaluate: $(STAMP) ## Test a finished run again from its weights (RUN=A-6), beside its record; ARGS="--pairs 500", ARGS=--refine
	@$(PY) -m experiments.evaluate $(RUN) $(ARGS)

verify: $(STAMP) ## Check all shipped weights by their checksums and their test rows (minutes; ARGS="A-6", ARGS=--all)
	@$(PY) -m experiments.verify $(ARGS)

demo: $(STAMP) ## Register real pairs and show them on a page (ARGS="--pair A.png B.png": yours)
	@$(PY) -m experiments.demo $(ARGS)

tensorboard: $(STAMP) ## Show curves and pictures of the runs so far in the browser
	@[ -n "$(wildcard experiments/output/*/)" ] || { echo "No runs yet. One that takes minutes: make experiment-A1 PRESET=quick"; exit 1; }
	@echo "Curves and pictures: http://localhost:$(PORT)/   (Ctrl+C ends it)"
	@$(PY) -m tensorboard.main --logdir experiments/output --port $(PORT)

report: $(STAMP) ## Write a page: our runs beside the thesis's tables, studies, pictures; others: ARGS="FOLDER -o OUT"
	@$(PY) -m experiments.report $(ARGS)

benchmark: $(STAMP) ## Measure speed and memory beside other implementations (10 minutes; ARGS=--quick: two)
	@$(PY) -m experiments.benchmark $(ARGS)

ablations: $(STAMP) ## Compare variants of the runs, one difference at a time (hours; ARGS="deviations": one study)
	@$(PY) -m experiments.studies $(ARGS)

ablation-%: $(STAMP)
	@$(PY) -m experiments.studies $* $(ARGS)

classical: $(STAMP) ## Compare demons and B-splines with the shipped networks on the same pairs (half an hour)
	@$(PY) -m experiments.comparison $(ARGS)

# One thread, so that all rows say what one core does, and so that two calls do not disturb each other.
comparison: $(STAMP) ## Compare the families of networks on the same pairs (B-splines take long; ARGS="--network FOLDER": yours too)
	@TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PY) -m experiments.comparison.families $(ARGS)

error-analysis: $(STAMP) ## Measure what the shipped networks leave of the errors: where, how large, how they spread
	@$(PY) -m experiments.studies.error_analysis $(ARGS)

real: $(STAMP) ## Register real pairs, stained sections, MR and CT volumes, beside SimpleITK (ARGS="--set histology": half an hour)
	@$(PY) -m experiments.comparison.real $(ARGS)

robustness: $(STAMP) ## Measure how brightness, noise, blur, holes and poses change the accuracy (ten minutes)
	@$(PY) -m experiments.comparison.robustness $(ARGS)

campaign: $(STAMP) ## Read damaged files, kill processes, register a thousand pairs and whole slides, share and repeat trainings, register what is nearly identical (over an hour; ARGS=fuzz, kills, long_life, slides, workers, shared_settings, curves or nearly_identical: one)
	@$(PY) -m experiments.reliability $(ARGS)

docs: $(DOCS_STAMP) ## Build the documentation
	@$(PY) -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "Written: docs/_build/html/index.html"

notebooks: $(DOCS_STAMP) ## Carry out the documentation's notebooks again, draw its pictures, and store both
	@$(PY) docs/notebooks/execute.py
	@for script in docs/pictures/*.py; do $(PY) $$script || exit 1; done

clean: ## Remove what Python, pip and pytest left behind; never runs, never environments
	@rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache docs/_build docs/_generated
	@find dirv_tf experiments tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Cleaned. Kept: experiments/output and the environments (.venv, .venv-modern)."
