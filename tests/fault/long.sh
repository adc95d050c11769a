#!/bin/sh
# The long form of the fault programme, on the build that ./dev fault made: 10,000 deaths across spool,
# send and receipt (a kill leaves what was written, so memory serves as the disk), then drills.
build=${1:-build-test}
[ -w /dev/shm ] && memory=/dev/shm
FAULT_KILLS=${FAULT_KILLS:-10000} TMPDIR=${memory:-/var/tmp} "$build/tests/test_delivery_kills" || exit 1
exec "$(dirname "$0")/run" "$build"
