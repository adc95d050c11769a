#!/usr/bin/env bash
# The demonstration: builds nothing, runs `tocsin demo` in a folder of its own and tells where the
# report is. Called by `./dev demo`. The folder lies in /var/tmp, since a drill refuses places whose
# parents another account could exchange, and a checkout may lie in one.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=${DEMO_OUT:-/var/tmp/tocsin-demo-$(id -u)}
if ! mkdir -m 0700 "$out" 2>/dev/null && [ "$(stat -c %u "$out")" != "$(id -u)" ]; then
	out=$(mktemp -d "/var/tmp/tocsin-demo-XXXXXX")
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "Running without root: the drill has no uid of its own; the locks in force are named below." >&2
fi
status=0
"$top/build/tocsin" demo --home "$out/home" --arena "$out/arena" --out "$out/report" "$@" || status=$?
[ "$status" -eq 0 ] || exit "$status"
echo
echo "Report: $out/report/report.html"
