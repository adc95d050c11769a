#!/usr/bin/env bash
# The demonstration: builds nothing, runs `tocsin demo` in a folder of its own and tells where the
# report is. Called by `./dev demo`.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=${DEMO_OUT:-$top/out/demo}
mkdir -p "$out"
chmod 700 "$out"
if [ "$(id -u)" -ne 0 ]; then
	echo "Running without root: the drill has no uid of its own; the locks that are in force are named below." >&2
fi
"$top/build/tocsin" demo --home "$out/home" --arena "$out/arena" --out "$out/report"
echo
echo "Score:  see the card above."
echo "Report: $out/report/report.html"
