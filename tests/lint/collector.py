#!/usr/bin/env python3
"""What counts the tests is tested too: every way in which a test program can lie or die."""
import os
import sys
import gate

sys.path.insert(0, os.path.join(gate.ROOT, "tools"))
import tap  # noqa: E402

ROWS = [
    ("all passed", "ok 1 - a\nok 2 - b\n1..2\n", 0, False, (2, 0, 0)),
    ("one failed", "ok 1 - a\nnot ok 2 - b\n1..2\n", 1, False, (1, 1, 0)),
    ("a skipped test", "ok 1 - a # SKIP no root\n1..1\n", 0, False, (0, 0, 1)),
    ("a skipped program", "1..0 # SKIP not here\n", 0, False, (0, 0, 1)),
    ("no plan", "ok 1 - a\n", 0, False, (1, 1, 0)),
    ("too few tests", "1..3\nok 1 - a\n", 0, False, (1, 1, 0)),
    ("too many tests", "1..1\nok 1 - a\nok 2 - b\n", 0, False, (2, 1, 0)),
    ("a crash", "ok 1 - a\n", -11, False, (1, 2, 0)),
    ("a crash after the plan", "ok 1 - a\n1..1\n", -6, False, (1, 1, 0)),
    ("an exit status that nothing explains", "ok 1 - a\n1..1\n", 3, False, (1, 1, 0)),
    ("a time limit", "ok 1 - a\n", -9, True, (1, 1, 0)),
    ("a number out of order", "ok 1 - a\nok 3 - b\n1..2\n", 0, False, (2, 1, 0)),
    ("a program that gives up", "Bail out! no disk\n", 1, False, (0, 2, 0)),
    ("silence", "", 0, False, (0, 1, 0)),
    ("a test that talks", "# a note\nhello\nok 1 - not ok is a word\n1..1\n", 0, False, (1, 0, 0)),
]

failed = 0
for number, (name, output, status, timed_out, wanted) in enumerate(ROWS, 1):
    got = tap.parse(output, status, timed_out)[:3]
    failed += got != wanted
    if got != wanted:
        print(f"# got {got}, wanted {wanted}")
    print(f"{'ok' if got == wanted else 'not ok'} {number} - the collector sees: {name}")
print(f"1..{len(ROWS)}")
sys.exit(1 if failed else 0)
