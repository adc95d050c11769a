#!/usr/bin/env python3
"""Twenty kills at fault points, in every process that a drill has, through the real program. After each
one undo must bring every decoy back bit-exactly, prove it, remove everything and touch nothing else.

TOCSIN names the program, built with fault points.
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rig  # noqa: E402

# stage, scenario, fault point
KILLS = [
    ("plant", "quick", "planting_arena:1:kill"),
    ("plant", "quick", "planter_folder:3:kill"),
    ("plant", "quick", "planter_file:9:kill"),
    ("plant", "quick", "planter_write:5:kill"),
    ("plant", "quick", "planter_sync:1:kill"),
    ("plant", "quick", "planting_keep:1:kill"),
    ("run", "size-class", "emulate_extent:2:kill"),
    ("run", "standard", "emulate_write:20:kill"),
    ("run", "alternate-16", "emulate_extent:900:kill"),
    ("run", "copy-then-destroy", "emulate_original:4:kill"),
    ("run", "copy-then-destroy", "emulate_sync:3:kill"),
    ("run", "quick", "journal_write:2:kill"),
    ("run", "quick", "journal_sync:1:kill"),
    ("run", "tiny-read-new-file", "journal_sync:2:kill"),
    ("undo", "size-class", "undo_write:2:kill"),
    ("undo", "alternate-16", "undo_decoy:7:kill"),
    ("undo", "size-class", "undo_rename:3:kill"),
    ("undo", "quick", "undo_unlink:11:kill"),
    ("undo", "copy-then-destroy", "undo_sync:1:kill"),
    ("undo", "quick", "undo_finish:1:kill"),
]
N_DECOYS = 16


def one(program, folder, stage, scenario, fault):
    r = rig.Rig(program, folder)
    if stage == "plant":
        if r.plant(scenario, N_DECOYS, fault=fault) == 0:
            raise rig.Broken("the fault point was never met")
        if r.find_id():
            r.undo()
        elif os.path.lexists(r.arena):
            raise rig.Broken("an arena is left and no drill tells of it")
        return
    r.plant(scenario, N_DECOYS)
    run = r.run_words(scenario, "--rate", "unlimited")
    # A killed emulator is a result (contained or voided), a killed conductor is none.
    code, value, err = r.call(*run, fault=fault if stage == "run" else None)
    killed_conductor = code < 0
    killed_role = value is not None and value.get("verdict") in ("contained", "voided")
    if stage == "run" and not killed_conductor and not killed_role:
        raise rig.Broken(f"the fault point was never met: {code} {err}")
    if stage == "undo" and code != 0:
        raise rig.Broken(f"run: {code} {err}")
    r.undo_and_compare(True) if stage == "run" else r.undo_after_kill(fault)


def attempt(program, stage, scenario, fault):
    """What went wrong, or None."""
    top = tempfile.mkdtemp(prefix="tocsin-kills-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    try:
        rig.make_outside(os.path.join(top, "outside"))
        before = rig.snapshot(os.path.join(top, "outside"))
        os.mkdir(os.path.join(top, "drill"), 0o700)
        one(program, os.path.join(top, "drill"), stage, scenario, fault)
        if rig.snapshot(os.path.join(top, "outside")) != before:
            return "something outside changed"
        return None
    except rig.Broken as why:
        return str(why)
    finally:
        shutil.rmtree(top)


def main():
    program = os.environ["TOCSIN"]
    # A build without fault points would make every kill a miss.
    probe = subprocess.run([program, "drill", "list", "--json", "--home", "/nonexistent"], check=False,
                           env={**os.environ, "TOCSIN_FAULT": ":1:kill"}, capture_output=True)
    if probe.returncode >= 0:
        print("1..0 # SKIP built without fault points")
        return 0
    print(f"1..{len(KILLS)}", flush=True)
    failed = 0
    # Mostly waiting for the disk, so several at a time; each has a home and an arena of its own.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(attempt, program, *kill) for kill in KILLS]
        for i, (future, (_, scenario, fault)) in enumerate(zip(futures, KILLS), 1):
            why = future.result()
            failed += why is not None
            print(f"{'ok' if why is None else 'not ok'} {i} - {fault} in {scenario} is undone", flush=True)
            if why is not None:
                print(f"# {why}", flush=True)
    return 1 if failed else 0


sys.exit(main())
