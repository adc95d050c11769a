#!/usr/bin/env python3
"""What outside scripts build on: the answer of each drill call, key by key with its type, one JSON object on
standard output, and the exit code. Printed as TAP."""
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TOCSIN"]
n = n_failed = 0

NUMBER = (int, float)
LOCK = re.compile(r"^(landlock:\d+|mount-namespace|seccomp|uid|no-new-privileges)$")
RUN = {
    "id": str, "score": (int, float, type(None)), "coverage": NUMBER, "grade": (str, type(None)), "parts": dict,
    "files_planted": int, "files_changed": int, "files_lost": int, "files_destroyed_for_restore": int,
    "stop_latency_ms": (int, float, type(None)), "outside_changes": int, "verdict": str, "report": dict, "record": str,
}
PARTS = {"detect", "damage", "contain", "recover", "people"}


def check(name, holds, shown=""):
    global n, n_failed
    n += 1
    n_failed += not holds
    if not holds:
        print(f"# {shown!r}"[:1800])
    print(f"{'ok' if holds else 'not ok'} {n} - {name}", flush=True)


def call(home, *words):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=240)
    text = done.stdout.decode("utf-8")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    one = isinstance(value, dict) and text.endswith("}\n") and text.count("\n") == 1
    check(f"{' '.join(words[:2])} answers with one JSON object on one line", one, (text, done.stderr))
    return done.returncode, value or {}, done.stderr.decode("utf-8")


def lacks(value, wanted):
    """Keys that are missing or of another type. A bool is no number here."""
    return [k for k, kind in wanted.items()
            if k not in value or not isinstance(value[k], kind)
            or (isinstance(value[k], bool) and kind is not bool)]


def listed(home):
    code, value, _ = call(home, "drill", "list")
    rows = value.get("scenarios", [])
    bad = [r.get("id") for r in rows
           if lacks(r, {"id": str, "name": str, "attack": list, "rate_files_per_s": NUMBER})
           or not all(isinstance(a, str) for a in r["attack"])]
    check("drill list: every scenario has id, name, attack and rate", code == 0 and len(rows) >= 24 and bad == [], (code, bad))


def planned(home, base):
    code, value, err = call(home, "drill", "plan", "quick", "--decoys", "20", "--arena", f"{base}/arena")
    budget = value.get("budget", {})
    check("drill plan: the budget has files, bytes, seconds and folders",
          code == 0 and lacks(budget, {"files": int, "bytes": int, "seconds": NUMBER, "folders": int}) == []
          and all(budget[k] > 0 for k in ("files", "bytes", "seconds", "folders")), (code, value, err))
    locks = value.get("locks", [])
    check("drill plan: the locks have their names", "seccomp" in locks and all(LOCK.match(l) for l in locks), locks)
    check("drill plan: one lock against the outside at least",
          any(l.startswith("landlock:") for l in locks) or "mount-namespace" in locks, locks)


def ran(home, base):
    code, r, err = call(home, "drill", "run", "quick", "--decoys", "20", "--arena", f"{base}/arena", "--guard", "off",
                        "--channel", f"file:{base}/alerts:ransom", "--rate", "unlimited", "--seed", "7", "--out", f"{base}/out", "--yes")
    check("drill run: every field is there with its type", code == 0 and lacks(r, RUN) == [], (code, lacks(r, RUN), r, err))
    check("drill run: the five parts", set(r.get("parts", {})) == PARTS, r.get("parts"))
    check("drill run: coverage is a percentage, and below 60 there is no grade",
          0 <= r.get("coverage", -1) <= 100 and (r["coverage"] >= 60 or r["grade"] is None), r)
    check("drill run: the verdict is one of four", r.get("verdict") in ("completed", "contained", "stopped", "voided"), r)
    report = r.get("report", {})
    check("drill run: the four reports lie in the folder asked for",
          lacks(report, {k: str for k in ("html", "json", "pdf", "navigator")}) == []
          and all(os.path.dirname(report[k]) == f"{base}/out" and os.path.getsize(report[k]) > 0
                  for k in ("html", "json", "pdf", "navigator")), report)
    check("drill run: the record is a file", os.path.isfile(r.get("record", "")), r.get("record"))
    return r


def verified(home, base, r):
    code, value, _ = call(home, "drill", "verify", r["record"])
    check("drill verify: a valid record", code == 0 and value.get("valid") is True, (code, value))
    _, key, _ = call(home, "evidence", "key")
    with open(f"{base}/key.pem", "w", encoding="utf-8") as f:
        f.write(key.get("public_key", ""))
    code, value, err = call(f"{base}/elsewhere", "drill", "verify", r["record"], "--key", f"{base}/key.pem")
    check("drill verify: valid by a key alone, on another machine", code == 0 and value.get("valid") is True, (code, value, err))
    lines = open(r["record"], "rb").read().split(b"\n")
    lines[1] = lines[1][:-2] + b" " + lines[1][-2:]
    with open(f"{base}/changed", "wb") as f:
        f.write(b"\n".join(lines))
    code, value, _ = call(home, "drill", "verify", f"{base}/changed")
    check("drill verify: a changed record names its first bad line and exits 1",
          code == 1 and value.get("valid") is False and isinstance(value.get("first_bad_line"), int), (code, value))


def undone(home, r):
    code, value, err = call(home, "drill", "undo", r["id"])
    check("drill undo: restored, removed, verified",
          code == 0 and lacks(value, {"restored": int, "removed": int, "verified": bool}) == [] and value["verified"] is True,
          (code, value, err))


def refused(home):
    for words, wanted in ((("drill", "run", "--no-such-option"), 2), (("drill", "show", "nothing"), 5),
                          (("drill", "plan", "quick", "--decoys", "0"), 6), (("drill", "plan", "quick", "--arena", "/proc/x"), 4)):
        code, value, err = call(home, *words)
        error = value.get("error", {})
        check(f"exit {wanted} comes with status and message",
              code == wanted and lacks(error, {"status": str, "message": str}) == [] and error["message"] in err, (code, value, err))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-contract-", dir="/var/tmp") as base:
        home = f"{base}/home"
        listed(home)
        planned(home, base)
        r = ran(home, base)
        verified(home, base, r)
        undone(home, r)
        refused(home)
    print(f"1..{n}")
    return 1 if n_failed else 0


sys.exit(main())
