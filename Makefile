# Two commands matter: `make run` and `make test`. Both install PostgreSQL on a Debian machine that lacks it.

PG_BIN := $(firstword $(wildcard /usr/lib/postgresql/*/bin/postgres))
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: run test check fmt deps

deps:
	@rustc --version | awk '{ split($$2, v, "."); if (v[1] < 1 || (v[1] == 1 && v[2] < 94)) { print "rustc " $$2 " is too old: install Rust 1.94 or newer with rustup"; exit 1 } }'
ifeq ($(PG_BIN),)
	$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql
endif

run: deps
	cargo build --workspace --release
	./target/release/wintehr serve --demo

test: deps
	cargo test --workspace

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

fmt:
	cargo fmt --all
