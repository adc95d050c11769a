#!/usr/bin/env python3
"""Every scenario of the tree can be read and planned by the program.

usage: scenarios.py PROGRAM
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import gate


def run(program, home, *arguments):
    out = subprocess.run([program, *arguments, "--home", home, "--json"], capture_output=True, text=True,
                         stdin=subprocess.DEVNULL, timeout=120)
    try:
        return out.returncode, json.loads(out.stdout), out.stderr
    except json.JSONDecodeError:
        return out.returncode, None, out.stderr


def ids(root):
    found = {}
    for name in gate.tracked(root):
        if name.startswith("scenarios/") and name.endswith(".yaml"):
            line = re.search(r"^id:\s*(\S+)", gate.read(root, name), re.M)
            found[name] = line.group(1) if line else None
    return found


def check(root):
    problems = []
    by_id = {}
    for name, scenario in ids(root).items():
        if scenario is None:
            problems.append(f"{name}: no id")
        elif scenario != os.path.basename(name)[:-5]:
            problems.append(f"{name}: its id '{scenario}' is not its file's name")
        elif scenario in by_id:
            problems.append(f"{name}: the id of {by_id[scenario]}")
        by_id[scenario] = name
    if root != gate.ROOT or problems:
        return problems
    if len(sys.argv) < 2 or not os.path.isfile(sys.argv[1]):
        raise gate.Skip("the program is not built")
    with tempfile.TemporaryDirectory(prefix="tocsin-gate-") as home:
        status, listed, stderr = run(sys.argv[1], home, "drill", "list")
        if status != 0 or listed is None:
            return [f"drill list: exit status {status}: {stderr.strip()}"]
        known = {row["id"] for row in listed["scenarios"]}
        problems += [f"{name}: not listed by the program" for name, i in ids(root).items() if i not in known]
    return problems


PLANTED = [
    ("an id that is the file's name is fine", {"scenarios/a.yaml": "id: a\n"}, None),
    ("no id", {"scenarios/a.yaml": "name: a\n"}, "no id"),
    ("another id", {"scenarios/a.yaml": "id: b\n"}, "not its file's name"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "every scenario is read and listed by the program")
