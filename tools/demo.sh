#!/usr/bin/env bash
# The demonstration: builds nothing, runs `tocsin demo` in a folder of its own, which tells where the
# report is. Called by `./dev demo`. The folder lies in /var/tmp and not in the checkout, since a drill
# refuses places that another account could exchange, and a checkout may lie in one.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=${DEMO_OUT:-/var/tmp/tocsin-demo-$(id -u)}
if ! mkdir -m 0700 "$out" 2>/dev/null && [ "$(stat -c %u "$out")" != "$(id -u)" ]; then
	out=$(mktemp -d "/var/tmp/tocsin-demo-XXXXXX")
fi
exec "$top/build/tocsin" demo --home "$out/home" --arena "$out/arena" --out "$out/report" "$@"
