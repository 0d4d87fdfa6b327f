#!/usr/bin/env bash
# Compares our protocols with independent implementations from npm. tls-sig-api-v2 of Tencent must
# compute the same UserSig; wechatpay-axios-plugin must accept what we sign and encrypt for WeChat
# Pay, and we must accept what it signs and encrypts. Needs Node.js and network access.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/*.js "$work"
(cd "$work" && npm init -y >/dev/null &&
    npm install --silent --no-audit --no-fund tls-sig-api-v2@1.0.2 wechatpay-axios-plugin@0.9.6)
cargo build --quiet --manifest-path "$root/Cargo.toml" -p qlive-tencent --examples
target=$(cd "$root" && cargo metadata --no-deps --format-version 1 |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
examples=$target/debug/examples
key=$(printf '0123456789abcdef%.0s' 1 2 3 4)
sig=$("$examples/usersig" 1400000001 "$key" user_10086 604800)
(cd "$work" && node usersig.js 1400000001 "$key" user_10086 604800 "$sig")
(cd "$work" && node wechatpay.js "$examples/wechatpay")
