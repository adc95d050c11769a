#!/bin/sh
# The long form of the fault programme, on the build that ./dev fault made.
exec "$(dirname "$0")/run" "${1:-build-test}"
