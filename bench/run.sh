#!/bin/sh
# Runs the benchmarks of a build folder: bench/run.sh BUILD [--quick] [--out FILE]
set -eu
build=$1
shift
"$build/bench/bench_drill" "$@"
# The other benchmarks have no patterns to choose from.
case " $* " in
*" --pattern "*) ;;
*)
	"$build/bench/bench_incident" "$@"
	"$build/bench/bench_receipt" "$@"
	;;
esac
