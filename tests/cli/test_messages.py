#!/usr/bin/env python3
"""Bad settings and bad facts of incidents: each fault names its file and its field, and names them once. TAP."""
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TOCSIN"]
RESULTS = []
# "person: person: …", "incident.yaml: incident.yaml: …", in either language
DOUBLED = re.compile(r"(?:^|[\s(（：:])([\w./-]*[A-Za-z_][\w./-]*)(?:: |：)\s*\1(?:: |：)")
SETTINGS = ["company: [1]", "company: ''", "callback: {a: 1}", "profiles: x", "profiles: [nope]", "tlp: PINK", "foo: 1", "a: b: c", "[]",
            "company: a\ncompany: b", "x: &a 1\ny: *a", "company: " + "x" * 5000, 'company: "a\\u0007b"']
ROUTES = ["routes: 1", "routes: [1]", "routes: [{name: a}]", "foo: 1", "a: b: c", "routes: [{name: '', ways: []}]"]
OWN = [("profiles/x.yaml", "id: x"), ("profiles/x.yaml", "a: ["), ("forms/x.yaml", "id: x"), ("forms/x.yaml", "[]"),
       ("calendars/cn.yaml", "a: [")]
FACTS = [{"data_class": "secret"}, {"direct_loss_fen": -1}, {"discovered_at": "x"}, {"company": 1}, {"kind": "q"}, {"what": "a\u0007b"},
         {"nope": 1}, {"callback": "x" * 9000}, {"tlp": "PINK"}]
TEXTS = ["x" * 9000, "a\u0007b", " "]


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def said(home, language, *words):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--lang", language], capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def doubled(text):
    return [line for line in text.splitlines() if DOUBLED.search(line)]


def write(path, text):
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def files(base, language):
    rows = [("incident.yaml", text) for text in SETTINGS] + [("routes.yaml", text) for text in ROUTES] + OWN
    wrong, silent = [], []
    for i, (name, text) in enumerate(rows):
        home = f"{base}/{language}-{i}"
        write(f"{home}/{name}", text)
        told = said(home, language, "incident", "new", "--kind", "leak", "--wait", "0")
        wrong += doubled(told)
        if name.rsplit("/", maxsplit=1)[-1] not in told:
            silent.append((name, text, told))
    check(f"{language}: a damaged file of the home is named once", not wrong, wrong)
    check(f"{language}: and none is passed over in silence", not silent, silent)


def inputs(base, language):
    home = f"{base}/{language}"
    os.makedirs(home, mode=0o700)
    said(home, language, "incident", "new", "--kind", "leak", "--company", "x", "--wait", "0")
    clock = json.loads(said(home, language, "clock", "list", "--json"))["clocks"][0]["id"]
    calls = []
    for fact in FACTS:
        path = write(f"{base}/facts-{len(calls)}.json", json.dumps(fact))
        calls += [("incident", "new", "--facts", path, "--dry-run"), ("incident", "classify", "--facts", path),
                  ("incident", "regrade", "latest", "--facts", path, "--dry-run"), ("incident", "report", "latest", "--file", path)]
    for text in TEXTS:
        calls += [("incident", "call", "latest", "--to", text), ("incident", "call", "latest", "--to", "ministry", "--person", text),
                  ("incident", "call", "latest", "--to", "ministry", "--number", text),
                  ("incident", "call", "latest", "--to", "ministry", "--said", text), ("incident", "new", "--drill", text, "--dry-run"),
                  ("incident", "mark", "latest", "handled", "--note", text, "--dry-run"),
                  ("incident", "report", "latest", "--what-changed", text), ("incident", "report", "latest", "--attach", text),
                  ("incident", "regrade", "latest", "--tier", "1", "--reason", text, "--person", "x", "--dry-run"),
                  ("incident", "regrade", "latest", "--tier", "1", "--reason", "x", "--person", text, "--dry-run"),
                  ("clock", "acknowledge", clock, "--person", text, "--dry-run"),
                  ("clock", "silence", clock, "--person", "x", "--reason", text, "--dry-run"),
                  ("warning", "issue", "--role", "ministry", "--set", "level=" + text)]
    wrong = [line for words in calls for line in doubled(said(home, language, *words))]
    check(f"{language}: a fault of an input names its field once", not wrong, wrong)


def main():
    check("the test finds what it looks for", doubled("  person: person: is empty") and doubled("incident.yaml: incident.yaml：第 1 行") and
          not doubled("due 2026-11-28 09:09:28 +08:00") and not doubled("incident.yaml: company: is empty"))
    with tempfile.TemporaryDirectory(prefix="tocsin-messages-", dir="/var/tmp") as base:
        for language in ("en", "zh"):
            files(base, language)
            inputs(base, language)
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()
