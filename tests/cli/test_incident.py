#!/usr/bin/env python3
"""Incidents as scripts call them, against a receiver over real TLS, printed as TAP."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import receiver  # noqa: E402
from terminal import Terminal  # noqa: E402

PROGRAM = os.environ["TOCSIN"]
OK, USAGE, PARTLY, ABSENT, INVALID, QUEUED, LATE = 0, 2, 3, 5, 6, 7, 8
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def call(home, *words, stdin=None, timeout=60):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--json"], input=stdin, capture_output=True,
                          timeout=timeout, stdin=None if stdin is not None else subprocess.DEVNULL)
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {"not JSON": done.stdout.decode("utf-8", "replace")}
    return done.returncode, value, done.stderr.decode("utf-8", "replace")


def new_home(base, name):
    home = f"{base}/{name}"
    os.makedirs(home, mode=0o700)
    return home


def write(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False)
    return path


def classification(base):
    home = f"{base}/none"
    facts = write(f"{base}/facts.json", {"data_domain": "industrial", "data_class": "important", "threat": "serious",
                                         "direct_loss_fen": 10000000000})
    code, r, err = call(home, "incident", "classify", "--facts", facts)
    check("classify answers with every field of the contract", code == OK and {
        "profile", "tier", "class", "tier_zh", "colour", "response_level", "met", "unknown", "needs_review"} <= set(r), (r, err))
    check("the lower bound of a loss is inclusive", r.get("tier") == 2 and {"2.1", "2.3"} <= {m["row"] for m in r["met"]}, r)
    check("classify makes no home", not os.path.exists(home))
    code, r, _ = call(home, "incident", "classify", "--facts", facts, "--what-if", "direct_loss_fen=100000000000")
    check("what-if raises the tier", code == OK and r.get("tier") == 1, r)
    code, r, _ = call(home, "incident", "classify", "--facts", "-", stdin=b"{}")
    check("empty facts are tier 4 with everything unknown and a person to ask",
          code == OK and r["tier"] == 4 and r["needs_review"] and len(r["unknown"]) > 3, r)
    code, r, _ = call(home, "incident", "classify", "--facts", facts, "--profile", "cn-miit", "--profile", "eu-nis2")
    check("two profiles give two grades, each with its own scale", code == OK and
          [c["profile"] for c in r["classifications"]] == ["cn-miit", "eu-nis2"], r)
    bad = {"direct_loss_fen": -1, "data_class": "secret", "outage_minutes": "long", "discovered_at": "2999-01-01T00:00:00Z",
           "no_such_key": 1}
    code, r, err = call(home, "incident", "classify", "--facts", "-", stdin=json.dumps(bad).encode())
    check("every fault is named with its field", code == INVALID and
          {f["field"] for f in r.get("faults", [])} == set(bad), (r, err))
    code, r, _ = call(home, "incident", "classify", "--facts", facts, "--profile", "cn-mitt")
    check("a profile that is not there is named with the nearest", code == ABSENT and "cn-miit" in r["error"]["message"], r)


def asked(base):
    home = f"{base}/asked"
    argv = [PROGRAM, "incident", "new", "--ask", "--wait", "0", "--lang", "en", "--home", home]
    t = Terminal(argv, rows=60)
    for question, answers in (("1/9", ["Example Steel"]), ("2/9", ["25:99", "10"]), ("3/9", ["earthquake", "1"]), ("4/9", [""]),
                              ("5/9", ["file server"]), ("6/9", ["y"]), ("7/9", ["\x1b[D3 hosts", "3 hosts"]), ("8/9", [""])):
        t.shows(question)
        for answer in answers:
            t.type(answer + "\n")
    t.shows("9/9")
    t.type("duty desk 010 12345678\n")
    code = t.end()
    check("every question is asked until its answer will do, and none is lost", code == QUEUED and "is recorded" in t.screen.text(),
          (code, t.screen.text()))
    _, status, _ = call(home, "incident", "status", "latest")
    notice = status.get("notice", {})
    check("and the answers are what is kept", (notice.get("kind"), notice.get("ongoing"), notice.get("what"), notice.get("scale")) == (
        "ransomware", "yes", None, "3 hosts") and notice.get("discovered_at"), notice)
    home = f"{base}/not-asked"
    t = Terminal([*argv[:-1], home])
    t.shows("1/9")
    t.type("\x03")
    code = t.end()
    check("Ctrl-C at a question keeps nothing", code == 130 and not os.path.exists(home), (code, t.screen.text()))


def offline(base):
    home = new_home(base, "offline")
    code, r, err = call(home, "incident", "new", "--company", "示例公司", "--kind", "ransomware", "--what", "文件被加密",
                        "--wait", "0")
    check("without a route a notice is kept and the exit code says so", code == QUEUED and r.get("delivered") is False, (r, err))
    check("and whom no route leads to", r.get("no_route") == "ministry", r)
    code, listed, _ = call(home, "outbox", "list")
    check("which the outbox shows too", {u["role"] for u in listed["no_route"]} == {"ministry", "local_regulator"}, listed)
    code, flushed, _ = call(home, "outbox", "flush", "--wait", "1")
    check("and a flush does not call done", code == QUEUED and flushed["no_route"] == 2, flushed)
    check("its answer holds every field of the contract", {"id", "receipt", "clocks", "delivered", "late"} <= set(r) and
          all({"profile", "stage", "owes", "to", "due_at", "internal_target"} <= set(c) for c in r["clocks"]), r)
    ten = [c for c in r["clocks"] if c["stage"] == "first_notice" and c["to"] == "ministry" and c["due_at"]]
    check("the ministry is owed it within ten minutes", len(ten) == 1 and 0 < ten[0]["remaining_s"] <= 600, r["clocks"])
    code, listed, _ = call(home, "clock", "list")
    check("clock list shows every running duty", code == OK and len(listed["clocks"]) >= len(r["clocks"]) and all(
        {"incident", "profile", "stage", "due_at", "remaining_s", "state"} <= set(c) for c in listed["clocks"]), listed)
    clock = ten[0]["id"]
    code, _, _ = call(home, "clock", "acknowledge", clock[-6:], "--person", "duty officer", "--for", "5m")
    check("a duty is acknowledged by name", code == OK)
    _, listed, _ = call(home, "clock", "list")
    mine = [c for c in listed["clocks"] if c["id"] == clock][0]
    check("and runs on", mine["acknowledged_by"] == "duty officer" and mine["state"] == "running" and mine["remaining_s"] < 600, mine)
    code, _, _ = call(home, "clock", "acknowledge", clock)
    check("nobody cannot acknowledge", code == INVALID)
    for name in ("\x1b[31mred", b"\xff"):
        code, _, _ = call(home, "clock", "acknowledge", clock, "--person", name)
        check("nor can a name that is no text", code == INVALID)
    code, q, _ = call(home, "incident", "call", r["id"], "--to", "ministry", "--person", "desk", "--said", "told them")
    check("a call to the ministry answers the duty", code == OK and q["clocks_answered"] >= 1, q)
    _, listed, _ = call(home, "clock", "list", "--all")
    check("which is then done in time", [c["state"] for c in listed["clocks"] if c["id"] == clock] == ["done"], listed)
    done = subprocess.run([PROGRAM, "incident", "new", "--ask", "--home", home], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    check("--ask without a terminal is refused", done.returncode == USAGE, done.stderr)
    before = pathlib.Path(f"{home}/tocsin.db").stat().st_size
    facts = write(f"{base}/bad.json", {"company": "x" * 1000000, "kind": "earthquake", "direct_loss_fen": -5,
                                       "discovered_at": "2999-01-01T00:00:00Z"})
    fields = {"company", "kind", "direct_loss_fen", "discovered_at"}
    code, r, _ = call(home, "incident", "new", "--facts", facts, "--dry-run")
    check("a dry run refuses what filing would refuse", code == INVALID and {"company", "kind"} <= {
        f["field"] for f in r.get("faults", [])}, r)
    code, r, _ = call(f"{base}/dry", "incident", "new", "--kind", "ransomware", "--dry-run")
    check("and makes no home where all is well", code == OK and r["tier"] == 4 and not os.path.exists(f"{base}/dry"), r)
    code, r, _ = call(home, "incident", "new", "--facts", facts, "--wait", "0")
    check("a notice that will not do is refused by every field", code == INVALID and
          fields <= {f["field"] for f in r.get("faults", [])}, r)
    _, listed, _ = call(home, "incident", "status")
    check("and nothing of it is kept", len(listed["incidents"]) == 1 and before > 0, listed)


def delivered(base, server):
    home = new_home(base, "online")
    server.route(home)
    code, r, err = call(home, "incident", "new", "--company", "示例公司", "--kind", "leak", "--what", "客户资料外泄", "--set",
                        "personal_information_persons=20000", "--wait", "20")
    check("a notice is delivered and its receipt verified", code == OK and r.get("delivered") is True and not r.get("late"), (r, err))
    kinds = {kind for kind, _ in server.envelopes()}
    check("it went as a real incident", kinds == {"application/vnd.tocsin.incident+json"}, kinds)
    check("and no part of it twice", server.posts == len(server.received), (server.posts, len(server.received)))
    code, status, _ = call(home, "incident", "status", "latest")
    check("status tells who received it and when", code == OK and all(
        s["delivery"] == "delivered" and s["received_by"] == "province" for s in status["submissions"]), status)
    check("the clock of the ministry is done", any(c["state"] == "done" and c["to"] == "ministry" for c in status["clocks"]), status)
    code, listed, _ = call(home, "outbox", "list")
    check("nothing is left in the outbox", code == OK and listed["items"] == [], listed)
    code, _, err = call(home, "incident", "export", "latest", "--format", "proof", "--out", f"{base}/proof.json")
    check("the proof of receipt is a file", code == OK and os.path.exists(f"{base}/proof.json"), err)
    code, r, _ = call(f"{base}/nowhere", "evidence", "receipt", f"{base}/proof.json", "--key", f"{server.folder}/receipts.pem")
    check("which anybody can check with the receiver's key", code == OK and r["valid"] and r["receipts"][0]["server"] == "province", r)
    proof = pathlib.Path(f"{base}/proof.json").read_text(encoding="utf-8")
    pathlib.Path(f"{base}/changed.json").write_text(proof.replace("payloadType", "payloadtype", 1), encoding="utf-8")
    code, r, _ = call(home, "evidence", "receipt", f"{base}/changed.json")
    check("and which a changed envelope breaks", code == 1 and r["valid"] is False, r)
    code, shown, _ = call(home, "incident", "report", "latest", "--show", "--profile", "cn-miit-2024-214")
    check("the next form opens filled with what is known", "示例公司" in json.dumps(shown, ensure_ascii=False), shown)
    code, r, _ = call(home, "incident", "report", "latest", "--stage", "written", "--wait", "0")
    check("a form with holes is refused by its fields", code == INVALID and len(r["faults"]) >= 3, r)
    code, drafted, err = call(home, "incident", "report", "latest", "--stage", "written", "--set", "event.cause=phishing", "--draft")
    check("but is kept as a draft", code == OK and drafted["draft"] is True, (drafted, err))
    return home


def refused_and_late(base, server):
    home = new_home(base, "refused")
    server.route(home)
    server.answer = "busy"
    code, r, _ = call(home, "incident", "new", "--company", "甲厂", "--kind", "outage", "--discovered-at",
                      time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600)), "--wait", "1")
    check("a notice that is late and stuck says both", code == QUEUED and r["late"] is True and r["trouble"], r)
    server.answer = "good"
    code, r, err = call(home, "outbox", "flush", "--wait", "20")
    check("it goes out once the server is there", code == OK and r["delivered"] >= 1 and r["waiting"] == 0, (r, err))
    code, status, _ = call(home, "incident", "status", "latest")
    check("and its clock is done late", any(c["state"] == "done-late" for c in status["clocks"]), status["clocks"])
    code, r, _ = call(home, "incident", "new", "--company", "甲厂", "--kind", "outage", "--discovered-at",
                      time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600)), "--wait", "20")
    check("a late notice that is delivered has its own exit code", code == LATE and r["delivered"] and r["late"], r)
    server.answer = "refuse"
    code, r, err = call(home, "incident", "new", "--company", "甲厂", "--kind", "other", "--wait", "10")
    check("what the server refuses is shown with its words", code == QUEUED and "unknown company" in r["trouble"] and r["refused"], (r, err))
    done = subprocess.run([PROGRAM, "incident", "new", "--kind", "other", "--home", home, "--lang", "en"], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    check("and nobody is told that it stays queued", done.returncode == QUEUED and b"refused by the receiver" in done.stderr and
          b"stays queued" not in done.stderr, done.stderr)
    call(home, "incident", "new", "--kind", "leak", "--wait", "10", "--lang", "zh")
    shown = {lang: call(home, "incident", "status", "latest", "--lang", lang)[1] for lang in ("en", "zh")}
    check("why it was refused is told in the language of who reads, not of who sent", [
        next(ev["detail"]["why"] for ev in shown[lang]["history"] if ev["kind"] == "refused").split("unknown")[0]
        for lang in ("en", "zh")] == ["refused (400): ", "被拒绝（400）："], shown)
    posts = server.posts
    server.answer = "good"
    call(home, "outbox", "flush", "--wait", "2")
    check("and is never tried again", server.posts == posts, (posts, server.posts))


def stopped(base, server):
    home = new_home(base, "stopped")
    server.route(home)
    server.answer = "busy"
    begun = server.posts
    with subprocess.Popen([PROGRAM, "incident", "new", "--kind", "leak", "--wait", "60", "--home", home, "--json"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while server.posts == begun and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    check("Ctrl-C while waiting ends the wait and says what is safe", process.returncode == QUEUED and json.loads(out)["number"], (out, err))
    server.answer = "good"
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "incident", "new", "--kind", "leak", "--wait", "20", "--home", home, "--lang", "en"], stdout=full,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    check("an output that is full hides no notice", done.returncode == QUEUED and
          re.search(rb"20\d\d-\d{4} is recorded", done.stderr), (done.returncode, done.stderr))
    _, listed, _ = call(home, "incident", "status")
    check("and both are there once", len(listed["incidents"]) == 2, listed)


def copies(base, server):
    home = new_home(base, "copies")
    server.route(home)
    secret = os.urandom(32)
    with open(os.open(f"{home}/soc.whsec", os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
        f.write("whsec_" + base64.b64encode(secret).decode() + "\n")
    with open(f"{home}/routes.yaml", "a", encoding="utf-8") as f:
        f.write(f"  - name: soc\n    kind: webhook\n    ca: ca.pem\n    certificate: client.pem\n    key: client.key\n"
                f"    ways: [{{url: '{server.url}/hook', secret: soc.whsec}}]\n"
                "  - name: siem\n    kind: syslog\n    ways: [{url: 'syslog+tcp://127.0.0.1:1'}]\n")
    code, r, err = call(home, "incident", "new", "--company", "丙厂", "--kind", "leak", "--wait", "20")
    check("a dead copy of one's own desk makes no notice late", code == OK and r["delivered"], (code, r, err))
    headers, body = server.hooks[-1] if server.hooks else ({}, b"{}")
    signed = b"%s.%s.%s" % (headers.get("webhook-id", "").encode(), headers.get("webhook-timestamp", "").encode(), body)
    expected = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    event = json.loads(body)
    check("a webhook tells of it, signed as the standard says", headers.get("webhook-signature") == expected and
          event["type"] == "incident.new" and event["data"]["number"] == r["number"], (headers, body[:200]))
    code, listed, _ = call(home, "outbox", "list")
    check("what its log collector did not take waits apart", [(i["route"], i["state"]) for i in listed["items"]] == [("siem", "queued")], listed)
    call(home, "incident", "call", "latest", "--to", "ministry", "--person", "desk")
    call(home, "incident", "new", "--kind", "leak", "--drill", "x", "--wait", "1")
    check("and of what follows, but not of exercises", [json.loads(b)["type"] for _, b in server.hooks] == [
        "incident.new", "incident.called"], [b[:80] for _, b in server.hooks])


def kills(base):
    """A short form of what ./dev fault does with the library."""
    home = new_home(base, "kills")
    told = []
    for i in range(12):
        process = subprocess.Popen([PROGRAM, "incident", "new", "--company", f"K{i}", "--wait", "0", "--home", home, "--json"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if i % 3 == 2:  # read to the end: a receipt was given
            out, _ = process.communicate(timeout=60)
            told.append(json.loads(out)["id"])
            continue
        try:
            process.wait(0.02 * (i % 5 + 1))
        except subprocess.TimeoutExpired:
            process.kill()
        out, _ = process.communicate(timeout=60)
        if out.endswith(b"}\n"):
            told.append(json.loads(out)["id"])
    _, listed, _ = call(home, "incident", "status")
    kept = [row["id"] for row in listed["incidents"]]
    names = [row["company"] for row in listed["incidents"]]
    check("after deaths at any moment each notice that has a receipt is there, none twice",
          set(told) <= set(kept) and len(names) == len(set(names)), (told, listed))


def at_once(base):
    home = new_home(base, "at-once")
    processes = [subprocess.Popen([PROGRAM, "incident", "new", "--company", f"P{i}", "--wait", "0", "--home", home, "--json"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(10)]
    ends = [(p.communicate(timeout=120), p.returncode) for p in processes]
    check("ten at once on a fresh home all get through", all(code == QUEUED for _, code in ends), ends)
    numbers = sorted(json.loads(out)["number"][-4:] for (out, _), code in ends if code == QUEUED)
    check("each with a number of its own", numbers == [f"{i:04}" for i in range(1, 11)], numbers)


def left_aside(base):
    home = new_home(base, "left-aside")
    for folder in ("profiles", "forms", "calendars"):
        os.makedirs(f"{home}/{folder}")
        for name in ("own", "cn", "weekdays"):
            pathlib.Path(f"{home}/{folder}/{name}.yaml").write_bytes(b"\xff: [")
    pathlib.Path(f"{home}/incident.yaml").write_bytes(b"{")
    pathlib.Path(f"{home}/routes.yaml").write_bytes(b"{")
    code, r, err = call(home, "incident", "new", "--kind", "leak", "--wait", "1")
    check("no damaged file of the home stops a notice, and each is told", code == QUEUED and r["number"] and all(
        word in err for word in ("incident.yaml", "routes.yaml", "profiles", "forms", "calendars")), (code, r, err))
    code, r, err = call("/proc/nowhere", "incident", "new", "--kind", "leak", "--wait", "1", "--lang", "en")
    check("where nothing can be kept that is said", code not in (OK, QUEUED) and "NOT recorded" in err, (code, err))
    mark = write(f"{base}/marked.json", {"kind": "leak"})
    pathlib.Path(mark).write_bytes(b"\xef\xbb\xbf" + pathlib.Path(mark).read_bytes())
    code, r, err = call(home, "incident", "new", "--facts", mark, "--wait", "0")
    check("a file with a mark before its text is read", code == QUEUED, (code, r, err))
    code, r, err = call(home, "incident", "new", "--facts", write(f"{base}/windows.json", {
        "kind": "leak", "action": "拔网线\r\n电话报告", "own": ["one\r\ntwo"]}), "--wait", "0")
    kept = call(home, "incident", "status", r.get("number", ""))[1]
    check("lines that end as on Windows are lines", code == QUEUED and kept["notice"]["action"] == "拔网线\n电话报告", (code, err, kept))
    code, r, err = call(home, "incident", "new", "--facts", write(f"{base}/windows.json", {"action": "one\rtwo"}), "--wait", "0")
    check("a carriage return alone is no line end", code == INVALID, (code, r, err))


def drills(base, server):
    home = new_home(base, "drill")
    server.route(home)
    server.answer = "good"
    received = len(server.received)
    code, r, _ = call(home, "incident", "new", "--company", "演练公司", "--kind", "ransomware", "--drill", "exercise-1", "--wait", "3")
    check("a drill's notice does not reach a real inbox", code == QUEUED and r["drill"] and len(server.received) == received, r)
    server.route(home, name="exercise", drills=True)
    code, r, err = call(home, "outbox", "flush", "--wait", "20")
    kinds = {kind for kind, _ in server.envelopes()[received:]}
    check("it reaches a route for drills, as a drill", kinds == {"application/vnd.tocsin.incident-drill+json"}, (r, err, kinds))
    code, listed, _ = call(home, "clock", "list", "--drills", "real", "--all")
    check("its clocks are not among the real ones", code == OK and listed["clocks"] == [], listed)


def raised_beside(base):
    home = new_home(base, "beside")
    call(home, "incident", "new", "--kind", "leak", "--set", "direct_loss_fen=1000", "--profile", "cn-miit", "--profile", "cn-cac-2025", "--wait", "0")
    words = ["incident", "regrade", "latest", "--set", "direct_loss_fen=2000000000", "--set", "data_class=core", "--wait", "0"]
    code, r, err = call(home, *words, "--dry-run")
    risen = [(o["profile"], o["classification_before"]["tier"], o["classification"]["tier"]) for o in r.get("others", [])]
    check("a regrade says which other regime's tier the facts raised", code == OK and r["classification"]["tier"] == 4 and
          risen == [("cn-cac-2025", 4, 2)], (code, r, err))
    done = subprocess.run([PROGRAM, *words, "--home", home, "--lang", "en"], capture_output=True, check=False)
    shown = done.stdout.decode()
    check("also on the screen", "cn-cac-2025: IV general → II serious" in shown, shown)
    check("core data in a regrade is put to a person", "cn-miit: IV general → IV general · a person must confirm\n" in shown, shown)


def several(base):
    home = new_home(base, "several")
    for words in (["--what", "one"], ["--what", "two"], ["--drill", "exercise-2"]):
        call(home, "incident", "new", "--kind", "leak", "--wait", "0", *words)
    numbers = {i["number"]: i["id"] for i in call(home, "incident", "status")[1]["incidents"]}
    _, listed, _ = call(home, "clock", "list")
    check("each clock of several incidents says whose it is", len(numbers) == 3 and {
        c["number"]: c["incident"] for c in listed["clocks"]} == numbers, (numbers, listed))
    shown = subprocess.run([PROGRAM, "clock", "list", "--home", home, "--lang", "en"], capture_output=True, check=True).stdout.decode()
    check("also on the screen", all(f" {number} · cn-miit · " in shown for number in numbers), shown)


def regrading(home):
    code, r, err = call(home, "incident", "regrade", "latest", "--set", "data_class=important", "--set", "threat=serious", "--wait", "5")
    check("new facts raise the tier and show the clocks before and after", code == OK and
          r["classification"]["tier"] == 2 and "clocks_before" in r and "clocks_after" in r, (r, err))
    code, r, _ = call(home, "incident", "regrade", "latest", "--tier", "4", "--person", "somebody", "--reason", "not so bad", "--wait", "0")
    check("one person cannot lower it", code != OK, r)
    _, status, _ = call(home, "incident", "status", "latest")
    tiers = [g["classification"]["tier"] for g in status["grade_history"] if g["profile"] == "cn-miit"]
    check("the history keeps every grade", len(tiers) >= 2 and tiers[-1] == 2, status["grade_history"])


REPORT = {"reporter.contact": "张三", "reporter.phone": "13800138000", "event.occurred_at": "2026-11-24T13:50:00+08:00",
          "event.source": "自主监测发现", "event.system": {"unknown_reason": "日志正在排查"}, "event.system_address": "10.0.0.5",
          "event.cause": "钓鱼邮件", "event.data_type": ["管理"], "event.data_level": "重要", "event.data_volume": "12.5 GB",
          "event.pi": "300 条个人信息", "impact.subject": "客户", "impact.scope": "华东地区", "advice": "已断网", "signature": "张三"}


def reporting(base, home):
    form = write(f"{base}/form.json", {**REPORT, "event.source": "hearsay"})
    code, r, _ = call(home, "incident", "report", "latest", "--file", form, "--what-changed", "first", "--wait", "0")
    check("a fault in one field calls no other missing", code == INVALID and [f["field"] for f in r["faults"]] == ["event.source"], r)
    form = write(f"{base}/form.json", REPORT)
    code, r, err = call(home, "incident", "report", "latest", "--file", form, "--what-changed", "first", "--pdf", "/nowhere/r.pdf",
                        "--wait", "20")
    check("a paper that cannot be written does not undo the report", code == 3 and r.get("delivered") is True, (code, r, err))
    code, r, err = call(home, "incident", "report", "latest", "--stage", "follow_up", "--set", "event.data_volume=40 GB", "--what-changed",
                        "more of it", "--wait", "20")
    check("a follow-up reaches those who have the notice", code == OK and r["delivered"] is True and r["received_by"] == "province", (r, err))
    code, r, _ = call(home, "incident", "status", "latest", "--difference", "follow_up")
    check("and its difference is over the report before it", code == OK and [(c["before"], c["after"]) for c in r["changes"]] == [
        ("12.5 GB", "40 GB")], r)
    code, r, _ = call(home, "incident", "call", "latest", "--to", "minstry", "--person", "desk")
    check("a call to a role that nobody knows is logged, answers nothing and does not end as done", code == PARTLY and
          r["clocks_answered"] == 0 and r["role"] == "", (code, r))


def handling(home):
    code, r, err = call(home, "incident", "mark", "latest", "handled")
    check("the end of handling starts what is owed after it", code == OK and any(
        c["stage"] == "summary" and c["state"] == "running" for c in r["clocks"]), (r, err))


def lowering(base, home):
    people = f"{home}/persons"
    os.makedirs(people, mode=0o700)
    approvals = []
    words = ["--tier", "4", "--person", "head of security", "--reason", "the data turned out to be test data"]
    statement = subprocess.run([PROGRAM, "incident", "regrade", "latest", *words, "--statement", "--home", home],
                               capture_output=True, check=False, stdin=subprocess.DEVNULL)
    with open(f"{base}/statement", "wb") as f:
        f.write(statement.stdout)
    for name in ("first", "second"):
        receiver.openssl("genpkey", "-algorithm", "ed25519", "-out", f"{base}/{name}.key")
        os.chmod(f"{base}/{name}.key", 0o600)
        receiver.openssl("pkey", "-in", f"{base}/{name}.key", "-pubout", "-out", f"{people}/{name}.pem")
        done = subprocess.run([PROGRAM, "incident", "approve", f"{base}/statement", "--key", f"{base}/{name}.key", "--home", home],
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        with open(f"{base}/{name}.approval", "wb") as f:
            f.write(done.stdout)
        approvals += ["--approval", f"{base}/{name}.approval"]
    code, r, _ = call(home, "incident", "regrade", "latest", *words, *approvals[:2], *approvals[:2], "--wait", "0")
    check("one person with two copies of an approval is one person", code != OK, r)
    code, r, err = call(home, "incident", "regrade", "latest", *words, *approvals, "--wait", "0")
    check("two persons' keys lower it", code == OK and r["classification"]["tier"] == 4, (r, err, statement.stderr))


def closing(home):
    code, r, _ = call(home, "incident", "close", "latest", "--reason", "done")
    check("an incident with open duties is not closed, and they are named", code == ABSENT and len(r["error"]["message"]) > 20, r)
    code, r, err = call(home, "incident", "close", "latest", "--reason", "handed over to the group", "--anyway")
    check("it is closed with a reason", code == OK and r["state"] == "closed", (r, err))
    code, r, _ = call(home, "incident", "close", "latest", "--purge")
    check("its records are not removed before three years", code == 4, r)


def parcels(base, server):
    home = new_home(base, "parcel")
    server.route(home)
    folder = server.folder
    receiver.openssl("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "2", "-subj", "/CN=courier", "-keyout",
                     f"{folder}/courier.key", "-out", f"{folder}/courier.pem")
    call(home, "incident", "new", "--company", "乙厂", "--kind", "leak", "--wait", "0")
    code, r, err = call(home, "outbox", "export", f"{base}/courier.tocsin", "--recipient", f"{folder}/courier.pem")
    check("what waits can be put on removable media", code == OK and r["envelopes"] >= 1, (r, err))
    plain = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", f"{base}/courier.tocsin", "-inkey",
                            f"{folder}/courier.key", "-recip", f"{folder}/courier.pem"], capture_output=True, check=False)
    check("its recipient reads it with a common tool", plain.returncode == 0 and "tocsin_parcel" in plain.stdout.decode(), plain.stderr)
    parcel = json.loads(plain.stdout)
    receipts = []
    for row in parcel["envelopes"]:
        server.reply("/api/v1/envelopes", row["id"], row["envelope"].encode())
        receipts.append({"id": row["id"], "receipt": server.received[row["id"]][1].decode()})
    write(f"{base}/answer", {"tocsin_parcel": 1, "made_at": parcel["made_at"], "route": parcel["route"], "receipts": receipts})
    code, r, err = call(home, "outbox", "import", f"{base}/answer")
    check("receipts that come back on media prove delivery", code == OK and r["delivered"] >= 1 and r["wrong"] == 0, (r, err))


def warnings(base):
    home = new_home(base, "warning")
    fields = [f"--set={k}={v}" for k, v in {
        "level": "yellow", "start": "2026-11-27", "scope": "本市钢铁企业", "harm": "勒索软件可能经远程运维入口传播", "notes": "关注异常登录",
        "measures": "关闭不必要的远程入口", "deadline": "三日内", "audience": "钢铁企业", "issuer": "市工业和信息化局"}.items()]
    code, r, err = call(home, "warning", "issue", "--role", "local_regulator", *fields, "--set=deadline=2.50", "--set=scope=3", "--dry-run")
    said = r.get("form", {}).get("fields", r)
    check("a bare number is text in a form, as it was typed", code == OK and '"2.50"' in json.dumps(said), (code, r, err))
    code, r, err = call(home, "warning", "issue", "--role", "local_regulator", *fields)
    check("a yellow warning is issued by the local regulator", code == OK and r["level"] == "yellow", (r, err))
    number = r.get("number", "")
    code, r, _ = call(home, "warning", "adjust", number, "--set", "level=red", "--reason", "spreading")
    check("who may issue yellow may not make it red", code == 4, r)
    code, r, err = call(home, "warning", "adjust", number, "--set", "deadline=今日内", "--reason", "spreading")
    check("it is adjusted with a reason, as a new version", code == OK and r["version"] == 2, (r, err))
    code, r, _ = call(home, "warning", "lift", number, "--reason", "the risk is gone")
    check("and lifted", code == OK and r["state"] == "lifted", r)
    code, r, _ = call(home, "warning", "list")
    check("a lifted warning is not listed as in force", code == OK and r["warnings"] == [], r)


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-incident-", dir="/var/tmp") as base:
        authority = f"{base}/authority"
        os.makedirs(authority, mode=0o700)
        server = receiver.Receiver(authority)
        classification(base)
        asked(base)
        offline(base)
        left_aside(base)
        kills(base)
        at_once(base)
        home = delivered(base, server)
        regrading(home)
        reporting(base, home)
        handling(home)
        lowering(base, home)
        closing(home)
        refused_and_late(base, server)
        stopped(base, server)
        copies(base, server)
        drills(base, server)
        several(base)
        raised_beside(base)
        parcels(base, server)
        warnings(base)
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()
