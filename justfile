# Recipes for developers. Every recipe shows the plain command that it runs.

# List the recipes.
default:
    @just --list

# Serve without configuration: SQLite and a sandbox.
run *ARGS:
    cargo run -- {{ARGS}}

# Use every part of the API on a fresh server, and check each step.
demo:
    cargo run -p qlive-tests --bin demo

# Run all tests on both databases, or those of one crate: `just test rooms`.
test CRATE="":
    cargo test {{ if CRATE == "" { "--workspace" } else { "-p qlive-" + CRATE } }}

# Run what CI runs.
ci: fmt-check typos deny unused lint doc test clients-built peers hostile-built

# Check the formatting.
fmt-check:
    cargo fmt --all --check

# Check the spelling.
typos:
    typos

# Check licences, sources and duplicate versions of dependencies.
deny:
    cargo deny check bans licenses sources

# Check dependencies for known vulnerabilities. Fetches the RustSec database.
advisories:
    cargo deny check advisories

# Find dependencies that nothing uses.
unused:
    cargo machete --with-metadata

# Run the lints, as errors.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Build the documentation, warnings as errors.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# Check and test the client, the sample and the playroom. Needs Node.js, npm and Chromium.
clients:
    cargo build -p qlive-server -p qlive-admin
    just clients-built

# Take the pictures of the documentation anew.
pictures:
    cargo build -p qlive-server -p qlive-admin
    cd clients && npm ci --no-audit --no-fund
    cd clients && node --test --test-force-exit playroom/test/first_minute.test.js
    cp target/screenshots/readme.png docs/playroom.png
    cd clients && node --test --test-force-exit console/test/pages.test.js
    for name in now-zh now-en user-zh user-en why-zh why-en; do \
        cp target/screenshots/console/documentation-$name.png docs/console-$name.png; done

# The same with the server that the tests have built.
clients-built:
    cd clients && npm ci --no-audit --no-fund && npm run check && npm test

# Check signatures and encryption against public npm packages. Needs Node.js.
peers:
    tests/peers/run.sh

# Format the code.
fmt:
    cargo fmt --all

# Run a PostgreSQL until interrupted, and print its URL.
pg:
    cargo run -p qlive-store --features testing --example pg

# Kill the server a hundred times on each database while gifts and notices arrive.
crash:
    QLIVE_CRASHES=100 cargo test -p qlive-server --test crash -- --nocapture

# Attack a server that may open 1,024 files, while users use it: `just hostile sqlite postgres`.
# Linux only; a minute for each engine.
hostile *ENGINES:
    cargo build --release -p qlive-server -p qlive-tests --bin qlive-server --bin hostile
    target/release/hostile {{ENGINES}}

# The same with the server that the tests have built, which is slower and held to the same bounds.
hostile-built *ENGINES:
    cargo build -p qlive-server -p qlive-tests --bin qlive-server --bin hostile
    target/debug/hostile {{ENGINES}}

# Try random input on the parsers for longer: 5,000 cases each.
fuzz CASES="5000":
    PROPTEST_CASES={{CASES}} cargo test -p qlive-tencent --test properties
    PROPTEST_CASES={{CASES}} cargo test -p qlive-server --lib properties
    PROPTEST_CASES={{CASES}} cargo test -p qlive-sandbox --lib user_sig
    PROPTEST_CASES=200 cargo test -p qlive-tests --test http hostile_bytes

# Change the code of money and the mic in one place at a time, and report what no test notices.
# Needs cargo-mutants, and an hour.
mutants:
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-ledger -f 'crates/ledger/src/*.rs'
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-payments -f 'crates/payments/src/*/state.rs'
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-rooms -f 'crates/rooms/src/mic/*.rs'

# Measure operations of the release server beside references, on both databases or one:
# `SCALE=10 RUNS=5 just bench postgres`. Needs wrk and PostgreSQL; see docs/benchmarks.md.
bench *ENGINES:
    cargo build --release -p qlive-server -p qlive-tests --bin qlive-server --bin bench
    target/release/bench {{ENGINES}}

# Measures the pages of the console with 1,000,000 users, 10,000 live rooms and 10 million transfers
# on PostgreSQL. `SCALE=1`: a tenth of that. See docs/benchmarks.md.
bench-console *ENGINES:
    cargo build --release -p qlive-server -p qlive-tests --bin qlive-server --bin bench
    SCALE=${SCALE:-10} target/release/bench console --check {{ if ENGINES == "" { "postgres" } else { ENGINES } }}
