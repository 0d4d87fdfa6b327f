# The front door. Every recipe shows the plain command it runs.

# What there is.
default:
    @just --list

# Serve with no configuration: SQLite and a sandbox.
run *ARGS:
    cargo run -- {{ARGS}}

# Play an evening over HTTP on a fresh server, and check every step.
demo:
    cargo run -p qlive-tests --bin demo

# All tests on both databases; or those of one crate: `just test rooms`.
test CRATE="":
    cargo test {{ if CRATE == "" { "--workspace" } else { "-p qlive-" + CRATE } }}

# Lints, as errors.
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Format.
fmt:
    cargo fmt --all

# Is it formatted?
fmt-check:
    cargo fmt --all --check

# A throw-away PostgreSQL until interrupted; prints the URL to run against.
pg:
    cargo run -p qlive-store --features testing --example pg

# Kill the server a hundred times on each database under a load of gifts and notices.
crash:
    QLIVE_CRASHES=100 cargo test -p qlive-server --test crash -- --nocapture

# Does a test notice when the money or the mic is wrong? Needs cargo-mutants; takes an hour. SQLite alone.
mutants:
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-ledger -f 'crates/ledger/src/*.rs'
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-payments -f crates/payments/src/order.rs -f crates/payments/src/payout.rs -f crates/payments/src/refund.rs
    QLIVE_TEST_POSTGRES_URL=none cargo mutants -p qlive-rooms -f crates/rooms/src/mic.rs

# What CI runs.
ci: test lint fmt-check peers
    @echo done

# What we sign and seal, held against public npm packages (needs Node.js).
peers:
    tests/peers/run.sh

# How much it carries, on both databases. Compare numbers of one run only.
bench:
    cargo run --release -p qlive-tests --bin bench
