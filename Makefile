# `make` lists the targets.

CARGO ?= cargo
# The target folder may be outside the checkout: cargo reads the same variable.
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)

# The demonstration: its own data folder, in the checkout but not in git.
DEMO_DATA := .demo
DEMO_NAME := Bicho Sereno
DEMO_DOCUMENTS := fixtures/documents
DEMO_QUESTION_1 := A loja abre de domingo? Que horário?
DEMO_QUESTION_2 := Qual o preço do saco de 15 kg da Vitalcão adulto de frango?
DEMO_QUESTION_3 := Vocês vendem sela e ferradura para cavalo?
# What a customer writes in one conversation, separated by `|`.
DEMO_CONVERSATION := Oi, bom dia!|A loja abre de domingo? Que horário?|e no sábado?|valeu!

.DEFAULT_GOAL := help
.PHONY: help setup demo test build release bench fmt lint clean-data

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and running need
	@scripts/setup

demo: setup ## build, ingest the example documents, ask three questions and have a conversation
	$(CARGO) build --locked --workspace
	@AGENTCTL='$(TARGET_DIR)/debug/agentctl' DATA='$(DEMO_DATA)' scripts/demo \
	  "$$DEMO_NAME" "$$DEMO_DOCUMENTS" "$$DEMO_QUESTION_1" "$$DEMO_QUESTION_2" "$$DEMO_QUESTION_3"

# Through the environment, so that a question may hold quotes and dollar signs.
demo: export DEMO_NAME := $(DEMO_NAME)
demo: export DEMO_DOCUMENTS := $(DEMO_DOCUMENTS)
demo: export DEMO_QUESTION_1 := $(DEMO_QUESTION_1)
demo: export DEMO_QUESTION_2 := $(DEMO_QUESTION_2)
demo: export DEMO_QUESTION_3 := $(DEMO_QUESTION_3)
demo: export CONVERSATION := $(DEMO_CONVERSATION)

test: setup ## run every test
	$(CARGO) test --locked --workspace

build: ## build for development
	$(CARGO) build --locked --workspace

release: ## build the two programs for use
	$(CARGO) build --locked --release --workspace --bins

bench: setup ## build the release and measure it (nothing else should be running)
	@CARGO='$(CARGO)' scripts/bench

fmt: ## format the code
	$(CARGO) fmt --all

lint: ## check formatting and run clippy
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

clean-data: ## remove the demonstration's data
	rm -rf '$(DEMO_DATA)'
