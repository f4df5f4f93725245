# The commands that people use. Each brings what it needs: PostgreSQL's programs, npm packages, a
# Python environment, a browser. Only Rust, Node and Python are taken for granted, and checked.

TARGET := $(or $(CARGO_TARGET_DIR),target)
DESIGNER := web/designer
# Arguments for `stepwright serve`, as in: make run ARGS="--listen 127.0.0.1:9000"
ARGS :=

.DEFAULT_GOAL := help
.PHONY: help run test check runtimes bench fuzz build web fmt pictures rust postgres clients browser pooler

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18

run: rust postgres web ## build and start everything; prints the address
	@sh scripts/runtimes.sh || echo "functions in Python need Lambda's client; 'make runtimes' installs it" >&2
	cargo build --profile quick --package stepwright
	exec $(TARGET)/quick/stepwright serve $(ARGS)

test: rust postgres runtimes web clients browser pooler ## every test: all that CI runs
	cargo xtask check

check: rust postgres web ## the part of `make test` that runs no tests
	cargo xtask check --no-tests

runtimes: ## install Lambda's runtime clients into .tools, for functions in Python
	@sh scripts/runtimes.sh

bench: rust postgres web ## measure, and print a table
	cargo build --release --package stepwright
	cargo xtask bench $(ARGS)

# Seconds for each of the four readers, as in: make fuzz SECONDS=600
SECONDS := 60

fuzz: rust ## search for texts that the engine's readers cannot bear
	STEPWRIGHT_FUZZ_SECONDS=$(SECONDS) cargo test --package asl --test fuzz -- --nocapture

build: rust web ## leaves target/release/stepwright
	cargo build --release --package stepwright

fmt: rust ## format the code
	cargo fmt --all

pictures: rust postgres web browser ## take the pictures of the documents again
	cargo build --workspace --bins
	node tests/browser/pictures.js docs/pictures

# --- what these need ---------------------------------------------------------------------------

rust:
	@sh scripts/need.sh rust

postgres:
	@sh scripts/postgres.sh

clients:
	@sh scripts/python.sh

browser:
	@sh scripts/packages.sh tests/browser
	@sh scripts/browser.sh >/dev/null

pooler:
	@sh scripts/pooler.sh

web: ## build the front end into web/dist
	@sh scripts/web.sh
