#!/usr/bin/env python3
"""The short form of the power cuts: what a recording file layer saw reach the disk during a drill is replayed
up to a few flushes, with some of the later writes lost and some torn, and undone. The long form is
./dev fault. Printed as TAP. Root only, with /dev/fuse.

TOCSIN names the program, built with fault points.
"""
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import powercut  # noqa: E402
import rig  # noqa: E402

PROGRAM = os.environ["TOCSIN"]
RECORDER = os.path.join(os.path.dirname(PROGRAM), "tests", "fault", "recorder")
# A new file that must be on the disk before its original goes; and an in-place pattern under its intents.
ROWS = [("copy-then-destroy", 10), ("size-class", 4)]
N_DECOYS = 24
SEED = 20261128


def main():
    print(f"1..{len(ROWS)}")
    why_not = None
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        why_not = "needs root and /dev/fuse"
    failed = 0
    for number, (scenario, n_cuts) in enumerate(ROWS, 1):
        name = f"{scenario.replace('-', '_')}_is_undone_after_power_cuts"
        if why_not is not None:
            print(f"ok {number} - {name} # SKIP {why_not}")
            continue
        folder = tempfile.mkdtemp(prefix="tocsin-cuts-", dir=os.environ.get("TMPDIR", "/var/tmp"))
        os.chmod(folder, 0o755)
        try:
            made = powercut.scenario_cuts(RECORDER, PROGRAM, folder, scenario, N_DECOYS, n_cuts,
                                          random.Random(SEED + number), lambda text: print(f"# {text}"))
            print(f"{'ok' if made == n_cuts else 'not ok'} {number} - {name}", flush=True)
            failed += made != n_cuts
            shutil.rmtree(folder)
        except rig.Broken as why:
            print(f"# {why} (kept: {folder})\nnot ok {number} - {name}", flush=True)
            failed += 1
    return 1 if failed else 0


sys.exit(main())
