#!/usr/bin/env bash
# The slower analysers, by hand or by ./dev lint: gcc -fanalyzer, cppcheck, clang-tidy. Each is
# skipped with a sentence where it is not installed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
status=0
if command -v cppcheck >/dev/null; then
	echo "cppcheck"
	# ctuuninitvar: it takes each out-parameter of our packed messages for one that is read.
	cppcheck --quiet --std=c11 --language=c --enable=warning,portability --inline-suppr \
		--suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=nullPointerOutOfMemory --suppress=syntaxError --suppress=ctuuninitvar \
		--error-exitcode=1 -I src -D_GNU_SOURCE src || status=1
else
	echo "cppcheck is not installed: skipped"
fi
if command -v clang-tidy >/dev/null && command -v clang >/dev/null; then
	echo "clang-tidy"
	# It reads the compiler's lines and nothing that is built, so it gets a folder of its own.
	if [ ! -f build-tidy/compile_commands.json ]; then
		CC=clang meson setup build-tidy -Dtests=false >/dev/null
	fi
	find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -n 4 clang-tidy --quiet \
		-p build-tidy 2>/dev/null || status=1
else
	echo "clang-tidy is not installed: skipped"
fi
echo "gcc -fanalyzer"
if [ ! -f build-analyse/build.ninja ]; then
	# Left to others: gcc 12 takes a memcpy of a scalar for a use before it is set (clang looks for
	# those too), and without the optimiser it cannot see what bounds a text (the builds do).
	meson setup build-analyse -Dtests=false --buildtype=debug \
		"-Dc_args=-fanalyzer,-Wno-analyzer-use-of-uninitialized-value,-Wno-format-truncation" >/dev/null
fi
ninja -C build-analyse --quiet || status=1
exit "$status"
