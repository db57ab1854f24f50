# Two commands matter: `make run` and `make test`. Both install what a Debian machine lacks.

PG_BIN := $(firstword $(wildcard /usr/lib/postgresql/*/bin/postgres))
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: run test rust-test frontend frontend-check e2e crawl shots measure bench soak image check fmt deps node chromium pdftotext

deps:
	@command -v curl >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq curl; }
	@rustc --version | awk '{ split($$2, v, "."); if (v[1] < 1 || (v[1] == 1 && v[2] < 94)) { print "rustc " $$2 " is too old: install Rust 1.94 or newer with rustup"; exit 1 } }'
ifeq ($(PG_BIN),)
	$(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq postgresql
endif

node:
	@command -v npm >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq nodejs npm; }
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.log("Node " + process.version + " is too old: install Node 20.19 or newer"); process.exit(1) }'

chromium:
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium; }

# Reads what a page prints.
pdftotext:
	@command -v pdftotext >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq poppler-utils; }

frontend/node_modules: frontend/package-lock.json | node
	cd frontend && npm ci
	@touch $@

# The pages, which the server embeds.
frontend: frontend/node_modules
	cd frontend && npm run build

run: deps frontend
	cargo build --workspace --release
	./target/release/wintehr serve --demo

test: rust-test frontend-check e2e

rust-test: deps
	cargo test --workspace

frontend-check: frontend/node_modules
	cd frontend && npm run typecheck && npm run lint && npm run test && npm run build && npm run budget

# Headless Chromium against the real server with the demo hospital.
e2e: deps node chromium pdftotext frontend/node_modules
	cargo build --workspace
	cd tests/e2e && npm ci && bash run.sh

# Longer looks for what `make test` may miss: readers fed with mutations, a minute each; searches compared with the naive filter;
# and the tests that say why they are ignored otherwise.
soak: deps
	WINTEHR_FUZZ_SECONDS=$${WINTEHR_FUZZ_SECONDS:-60} cargo test --workspace --test fuzz -- --nocapture
	WINTEHR_SEARCHES=$${WINTEHR_SEARCHES:-100000} cargo test --workspace --test it searches_find -- --nocapture
	cargo test --workspace --test it -- --ignored --nocapture --test-threads=1

# Every control of every page and of what it opens, pressed as each role (WINTEHR_CRAWL_ROLES names fewer, WINTEHR_CRAWL_TABS tabs of a
# chart alone, WINTEHR_CRAWL_PAGES addresses alone, WINTEHR_CRAWL_DEPTH=1 leaves menus and dialogs out).
crawl: deps node chromium
	cargo build --workspace
	cd tests/e2e && npm ci && WINTEHR_E2E=crawl.mjs bash run.sh

# Every screen at three widths, light and dark, in tests/e2e/shots; those of the README are in docs. WINTEHR_SHOTS, a regular expression,
# names some.
shots: deps frontend chromium
	cargo build --workspace
	cd tests/e2e && npm ci && WINTEHR_E2E=screenshots.mjs bash run.sh
	@ls tests/e2e/shots docs

# The pages against the bars of their design: first painting, a tab of a large chart, scrolling of 10,000 entries.
measure: deps frontend chromium
	cargo build --workspace --release
	cd tests/e2e && npm ci && WINTEHR_BIN=../../target/release/wintehr WINTEHR_E2E=measure.mjs bash run.sh

# Server against bare SQL; writes BENCHMARKS.md.
bench: deps
	cargo build --workspace --release
	cargo bench --workspace --bench twins

# A container image with the server and its PostgreSQL; by docker, or podman where there is no docker.
image: deps frontend
	cargo build --workspace --release
	mkdir -p target/image && cp target/release/wintehr target/image/
	$(firstword $(shell command -v docker podman)) build -f docker/Dockerfile -t wintehr target/image

check: frontend/node_modules
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then cargo deny check bans licenses sources; \
	else echo "cargo-deny is not installed (cargo install cargo-deny): licences and bans of crates are not checked"; fi
	cd frontend && npm run check
	@for folder in frontend tests/e2e; do case "$$(cd $$folder && npm audit --json 2>/dev/null)" in \
	*auditReportVersion*) (cd $$folder && npm audit --audit-level=high) || exit 1;; \
	*) echo "$$folder: the registry tells nothing of vulnerabilities";; esac; done

fmt:
	cargo fmt --all
