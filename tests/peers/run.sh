#!/usr/bin/env bash
# Independent implementations agree with ours: Tencent's own npm package reads
# and recomputes a UserSig made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/usersig.js" "$work"
(cd "$work" && npm init -y >/dev/null && npm install --silent --no-audit --no-fund tls-sig-api-v2@1.0.2)
key=$(printf '0123456789abcdef%.0s' 1 2 3 4)
sig=$(cargo run --quiet --manifest-path "$here/../../Cargo.toml" -p qlive-tencent --example usersig -- 1400000001 "$key" user_10086 604800)
(cd "$work" && node usersig.js 1400000001 "$key" user_10086 604800 "$sig")
