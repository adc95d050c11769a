#!/usr/bin/env python3
"""The demonstration from start to end, and ended by Ctrl-C, printed as TAP."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["TOCSIN"]
SOURCE = os.environ["TOCSIN_SOURCE"]
n = n_failed = 0


def check(name, holds, shown=""):
    global n, n_failed
    n += 1
    n_failed += not holds
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {n} - {name}", flush=True)


def words(base, *more):
    return [PROGRAM, "demo", "--home", f"{base}/home", "--arena", f"{base}/arena", "--out", f"{base}/out", *more]


def whole(base):
    done = subprocess.run(words(base, "--json"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
    try:
        r = json.loads(done.stdout)
    except ValueError:
        r = {}
    check("the demo answers with one JSON object and its undo", done.returncode == 0 and r.get("undo", {}).get("verified") is True
          and {"score", "coverage", "report", "record"} <= set(r), (done.returncode, done.stdout, done.stderr))
    check("the report is there and nothing else of it", r and os.path.exists(r["report"]["html"])
          and sorted(os.listdir(base)) == ["home", "out"], os.listdir(base))
    left = [p.name for p in pathlib.Path(base, "home").iterdir() if p.name.startswith("demo-")]
    check("the backup made for it is gone", left == [], left)


def interrupted(base):
    process = subprocess.Popen(words(base, "--lang", "en"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        time.sleep(0.1)
        if len(list(pathlib.Path(base, "arena").rglob("*.locked"))) > 5 or process.poll() is not None:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    check("Ctrl-C ends the attack, then everything is put back", "Undone: every decoy proven by hash" in out, (out, err))
    check("and nothing is left", sorted(os.listdir(base)) == ["home", "out"], os.listdir(base))
    check("the exit code tells that it was interrupted", process.returncode == 130, process.returncode)


def from_the_script(base):
    """tools/demo.sh makes its folder, and gives its words on. It runs what `./dev build` made."""
    top = f"{base}/top"
    os.makedirs(f"{top}/tools")
    os.makedirs(f"{top}/build")
    os.symlink(f"{SOURCE}/tools/demo.sh", f"{top}/tools/demo.sh")
    with open(f"{top}/build/tocsin", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    os.chmod(f"{top}/build/tocsin", 0o755)
    env = {**os.environ, "DEMO_OUT": f"{base}/a place"}
    done = subprocess.run(["bash", f"{top}/tools/demo.sh", "--lang", "zh"], capture_output=True, text=True, env=env, timeout=60)
    check("the script runs the demo in a folder of its own", done.stdout.splitlines() ==
          ["demo", "--home", f"{base}/a place/home", "--arena", f"{base}/a place/arena", "--out", f"{base}/a place/report",
           "--lang", "zh"] and os.stat(f"{base}/a place").st_mode & 0o777 == 0o700, (done.stdout, done.stderr))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-test-", dir="/var/tmp") as base:
        whole(base)
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-test-", dir="/var/tmp") as base:
        interrupted(base)
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-test-", dir="/var/tmp") as base:
        from_the_script(base)
    print(f"1..{n}")
    return 1 if n_failed else 0


sys.exit(main())
