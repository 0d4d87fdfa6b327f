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

# What CI runs.
ci: test lint fmt-check peers
    @echo done

# A UserSig made here, verified by the public npm package (needs Node.js).
peers:
    tests/peers/run.sh

# How much it carries, on both databases. Compare numbers of one run only.
bench:
    cargo run --release -p qlive-tests --bin bench
