#!/usr/bin/env python3
"""Command line cases as data: cases/*.case, printed as TAP.

A case file holds blocks, divided by empty lines. A block:

    # a sentence about behaviour
    $ tocsin words --with 'quotes'       run in a fresh folder, one for the file; {dir} is that folder
    > regular expression                 must be found in standard output (one line each)
    ! regular expression                 must be found in standard error
    - regular expression                 must be in neither
    = 0                                  exit status
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = os.environ["TOCSIN"]


def blocks(path):
    block = {"name": "", "argv": None, "rules": [], "status": 0, "line": 0}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() + [""], 1):
        mark, _, rest = line.partition(" ")
        if not line.strip():
            if block["argv"] is not None:
                yield block
            block = {"name": "", "argv": None, "rules": [], "status": 0, "line": number}
        elif mark == "#":
            block["name"] = rest
        elif mark == "$":
            block["argv"] = shlex.split(rest)
        elif mark in (">", "!", "-"):
            block["rules"].append((mark, rest))
        elif mark == "=":
            block["status"] = int(rest)
        else:
            sys.exit(f"{path.name}:{number}: neither of # $ > ! - =")


def faults_of(block, folder):
    argv = [w.replace("{dir}", folder) for w in block["argv"]]
    if argv[0] != "tocsin":
        return ["the first word must be tocsin"]
    env = {"PATH": os.environ["PATH"], "HOME": folder, "TOCSIN_HOME": folder + "/home"}
    done = subprocess.run([PROGRAM] + argv[1:], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)
    out = done.stdout.decode("utf-8", "strict")
    err = done.stderr.decode("utf-8", "strict")
    faults = []
    if done.returncode != block["status"]:
        faults.append(f"exit status {done.returncode}, wanted {block['status']}")
    for mark, pattern in block["rules"]:
        text = {">": out, "!": err, "-": out + err}[mark]
        found = re.search(pattern, text, re.M) is not None
        if found != (mark != "-"):
            faults.append(f"{mark} {pattern}")
    if faults:
        faults += ["stdout: " + repr(out[-600:]), "stderr: " + repr(err[-600:])]
    return faults


def main():
    n = n_failed = 0
    for path in sorted((HERE / "cases").glob("*.case")):
        with tempfile.TemporaryDirectory(prefix="tocsin-cli-", dir="/var/tmp") as folder:
            for block in blocks(path):
                n += 1
                faults = faults_of(block, folder)
                for fault in faults:
                    print(f"# {path.name}:{block['line']}: {fault}")
                n_failed += bool(faults)
                print(f"{'not ok' if faults else 'ok'} {n} - {path.stem}: {block['name']}", flush=True)
    print(f"1..{n}")
    return 1 if n_failed or n == 0 else 0


sys.exit(main())
