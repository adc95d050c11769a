#!/usr/bin/env python3
"""A first notice reaches every authority that is owed something now, and says what is left to do; printed as TAP."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import receiver  # noqa: E402

PROGRAM = os.environ["TOCSIN"]
OK, PARTLY, INVALID, QUEUED, LATE = 0, 3, 6, 7, 8
RESULTS = []
ALL_ROLES = ("[ministry, local_regulator, provincial_cac, protection_and_police, pboc, csirt, supervisory_authority, cert_in, "
             "csirt_and_enisa, cisa, financial_authority, competent_department]")
GDPR = ("--set", "personal_data_breach=true", "--set", "gdpr_role=controller")
CII = ("--set", "cii=true", "--set", "cii_total_outage_minutes=400")
REPORT = {"to": "SA", "contact": "a 1", "measures": "x"}


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def call(home, *words, lang="en"):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--json", "--lang", lang], capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {"not JSON": done.stdout.decode("utf-8", "replace")}
    return done.returncode, value, done.stderr.decode("utf-8", "replace")


def said(home, *words, lang="en"):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--lang", lang], capture_output=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def new_home(base, name, routes=""):
    home = f"{base}/{name}"
    os.makedirs(home, mode=0o700)
    if routes:
        with open(os.open(f"{home}/routes.yaml", os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as f:
            f.write(routes)
    return home


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def undecided(base):
    """No authority gets a precaution while there is time to find out; where there is none, it does."""
    home = new_home(base, "undecided")
    code, r, err = call(home, "incident", "new", "--company", "A", "--kind", "outage", "--profile", "eu-gdpr", "--wait", "0")
    sent = [(s["profile"], len(s["recipients"])) for s in call(home, "incident", "status", "latest")[1]["submissions"]]
    check("what may turn out not to be owed waits for a person, while there is time", code == QUEUED and
          r["delivered"] is False and all(n == 0 for _, n in sent), (code, r, sent))
    code, out, err = said(home, "incident", "new", "--company", "A", "--kind", "outage", "--profile", "eu-gdpr", "--wait", "0")
    check("and who is there is told what, to whom, by when, and both ways on", code == QUEUED and "not decided yet" in err and "due 20" in err and
          re.search(r"regrade 20\d\d-\d{4} --set", err) and
          re.search(r"report 20\d\d-\d{4} --profile eu-gdpr --stage notification", err), err)
    code, out, err = said(home, "incident", "new", "--company", "A", "--kind", "outage", "--profile", "cn-miit", "--profile",
                          "eu-gdpr", "--wait", "0")
    sent = [s["profile"] for s in call(home, "incident", "status", "latest")[1]["submissions"]]
    check("beside a notice that goes out it is said too", code == QUEUED and sent == ["cn-miit"] and
          "--profile eu-gdpr --stage notification" in " ".join((out + err).split()), (code, out[-900:], err, sent))
    home = new_home(base, "undecided-cac")
    code, r, err = call(home, "incident", "new", "--company", "A", "--kind", "outage", "--profile", "cn-cac-2025", "--wait", "0")
    sent = [len(s["recipients"]) for s in call(home, "incident", "status", "latest")[1]["submissions"]]
    check("an hour or four are no time to find out: it goes out with its class empty", code == QUEUED and
          max(sent) > 0, (code, r, sent))


def without_a_route(base):
    home = new_home(base, "cac")
    words = ("incident", "new", "--company", "A", "--kind", "outage", "--profile", "cn-cac-2025", *CII, "--wait", "0")
    code, r, err = call(home, *words)
    check("a regime that calls its first stage otherwise is not told that nobody is owed anything",
          code == QUEUED and r["no_route"] == "protection_and_police" and r["delivered"] is False, (code, r, err))
    code, out, err = said(home, *words)
    check("whom to telephone is said with the time and the command that logs it", code == QUEUED and "due 20" in err and
          "--to protection_and_police" in err and "name nobody" not in out + err, err)
    home = new_home(base, "overdue")
    code, r, err = call(home, "incident", "new", "--company", "A", "--kind", "leak", "--profile", "cn-pboc-2025", "--set",
                        "direct_loss_fen=100000000000", "--discovered-at", ago(5 * 3600), "--wait", "0")
    check("a brief that is overdue by hours is late", code == QUEUED and r["late"] is True and r["no_route"] == "pboc", (code, r))
    home = new_home(base, "public")
    code, r, err = call(home, "incident", "new", "--company", "A", "--kind", "leak", "--profile", "cn-miit-166-2022", "--set",
                        "data_class=general", "--set", "user_rights_harmed=true", "--wait", "0")
    check("where only users are owed word, that is 7 and says how to log it", code == QUEUED and r["no_route"] == "users" and
          "--to users --stage user_notice" in err + json.dumps(r) + said(home, "incident", "new", "--kind", "leak", "--profile",
          "cn-miit-166-2022", "--set", "data_class=general", "--set", "user_rights_harmed=true", "--wait", "0")[2], (code, r, err))


TELEPHONE = """id: own-phone
version: 1
name: { zh: 电话, en: By telephone }
status: in-force
effective_from: 2024-11-01
utc_offset_minutes: 480
calendar: cn
defaults: { instrument: programme, certainty: A }
grades: [{ class: any, zh: 任何, en: any }]
default_grade: any
criteria:
  - { metric: loss, row: '1', grade: any, zh: 损失, en: Loss, when: { fact: direct_loss_fen, at_least: 1 } }
duties:
  - id: ring
    stage: first_notice
    owes: company
    to: leading_group
    medium: telephone
    clock: { within: 15, from: discovered, from_if_unknown: occurred }
    zh: 十五分钟内电话报告
    en: By telephone within fifteen minutes
"""


def by_telephone(base, server):
    home = new_home(base, "phone")
    server.route(home, roles=ALL_ROLES)
    os.makedirs(f"{home}/profiles")
    pathlib.Path(f"{home}/profiles/own-phone.yaml").write_text(TELEPHONE, encoding="utf-8")
    words = ("incident", "new", "--kind", "other", "--profile", "cn-iiot", "--profile", "own-phone", "--wait", "20")
    code, r, err = call(home, *words)
    check("what may only be telephoned is named, whatever else is delivered", code == QUEUED and
          r.get("telephone") == "leading_group" and not r["delivered"], (code, r, err))
    code, _, err = said(home, *words)
    check("and said as the one thing to do now", code == QUEUED and re.search(r"telephone now: .*due 20.*incident call", err), err)
    code, r, _ = call(home, "incident", "call", "latest", "--to", "leading_group")
    check("a call without a stage answers it", code == OK and r["clocks_answered"] == 1, (code, r))


def to_everybody(base, server):
    home = new_home(base, "three")
    server.route(home, roles=ALL_ROLES)
    pathlib.Path(f"{home}/incident.yaml").write_text("profiles: [cn-miit-2024-214, cn-cac-2025, eu-gdpr]\n", encoding="utf-8")
    before = len(server.received)
    code, r, err = call(home, "incident", "new", "--company", "甲厂", "--kind", "leak", "--set", "direct_loss_fen=10000000000", *CII,
                        *GDPR, "--wait", "30")
    sent = {(p["profile"], p["stage"]) for _, p in server.envelopes()[before:]}
    check("one notice reaches each regime that wants something now, in its own stage", code == OK and r["delivered"] and sent == {
        ("cn-miit", "first_notice"), ("cn-miit-2024-214", "first_notice"), ("cn-cac-2025", "first_report"),
        ("eu-gdpr", "notification")}, (code, sent, err))
    done = {(c["profile"], c["stage"]) for c in call(home, "incident", "status", "latest")[1]["clocks"] if c["state"] == "done"}
    check("and the receipts answer the clocks of each", sent <= done, done)
    code, r, err = call(home, "incident", "report", "latest", "--stage", "summary", "--set", "x=1", "--what-changed", "x", "--wait", "0")
    check("a report that several regimes want asks which one it is for", code == INVALID and "--profile" in err + json.dumps(r), (code, r, err))
    code, r, err = call(home, "incident", "report", "latest", "--stage", "controller_notice", "--what-changed", "x", "--wait", "0")
    check("and one that none wants does too", code == INVALID and "--profile" in err + json.dumps(r), (code, r, err))
    home = new_home(base, "gdpr")
    server.route(home, roles="[ministry, local_regulator]")
    call(home, "incident", "new", "--profile", "cn-miit", "--profile", "eu-gdpr", *GDPR, "--wait", "20")
    form = f"{base}/sa.json"
    pathlib.Path(form).write_text(json.dumps(REPORT), encoding="utf-8")
    before = len(server.received)
    _, shown, _ = call(home, "incident", "report", "latest", "--stage", "notification", "--show")
    check("a stage that one regime has is filled on that regime's form", shown.get("form") == "eu-gdpr-notification", shown)
    call(home, "incident", "report", "latest", "--stage", "notification", "--profile", "cn-miit", "--form", "general-report", "--file", form,
         "--what-changed", "x", "--wait", "5")
    check("and no authority is sent another's stage", len(server.received) == before, server.envelopes()[before:])


def other_clocks(base, server):
    home = new_home(base, "behind")
    server.route(home)
    server.behind_s = 7200
    code, r, _ = call(home, "incident", "new", "--kind", "other", "--set", f"occurred_at={ago(1800)}", "--wait", "20")
    check("a server whose clock is behind does not make a late notice one in time", code == LATE and r["late"], (code, r))
    _, out, _ = said(home, "incident", "status", "latest")
    check("and the disagreement is shown", "before it was made" in out, out)
    server.behind_s = 0
    server.says_late = True
    code, r, _ = call(home, "incident", "new", "--kind", "other", "--wait", "20")
    check("what the receiver signed as late ends as late", code == LATE and r["late"], (code, r))
    _, status, _ = call(home, "incident", "status", "latest")
    check("and stands in the status", any(q.get("late") for s in status["submissions"] for q in s["recipients"]), status["submissions"])
    server.says_late = None


def dead_server(base):
    for name in ("ca.pem",):
        pathlib.Path(f"{base}/{name}").touch()
    home = new_home(base, "dead", "routes:\n  - name: capital\n    for: [ministry, local_regulator]\n    server_key: none.pem\n"
                                  "    ways: [{url: 'https://127.0.0.1:1'}]\n")
    words = ("incident", "new", "--kind", "leak", "--set", "data_class=general", "--wait", "1")
    code, _, err = said(home, *words)
    check("a dead server brings the time, the command to leave running and the telephone", code == QUEUED and
          re.search(r"due 20\d\d-.*tocsin outbox flush --wait 24h.*telephone Ministry.*incident call \d+-\d+ --to ministry", err), err)
    code, _, err = said(home, *words, lang="zh")
    check("in Chinese too", code == QUEUED and re.search(r"20\d\d-.*tocsin outbox flush --wait 24h.*电话.*incident call", err), err)
    code, _, err = said(home, *words, "--discovered-at", ago(3600))
    check("and past the deadline the telephone is what to do now", code == QUEUED and "telephone now" in err, err)
    _, out, _ = said(home, "outbox", "list")
    check("the outbox does not promise what nothing does", "by itself" not in out, out)
    home = new_home(base, "unrouted")
    call(home, *words)
    _, out, _ = said(home, "outbox", "list")
    check("nor where a route is missing", "by itself" not in out and "outbox flush" in out, out)


def input_of_scripts(base):
    home = new_home(base, "input")
    code, r, _ = call(home, "incident", "new", "--set", "data_clas=core", "--wait", "0")
    check("a key that is set and unknown is refused with what it is near", code == INVALID and
          "'data_class'" in r["faults"][0]["what"], (code, r))
    facts = f"{base}/facts.json"
    pathlib.Path(facts).write_text('{"data_clas":"core","thread":1,"soc_ticket":7,"systems":["MES","ERP"],"callback":13800000000}', encoding="utf-8")
    code, r, err = call(home, "incident", "new", "--facts", facts, "--wait", "0")
    check("in a file it is kept, and told on both channels", code == QUEUED and set(r["near"]) == {"data_clas", "thread"} and
          "data_class" in err and "soc_ticket" not in err, (code, r.get("near"), err))
    _, status, _ = call(home, "incident", "status", "latest")
    check("lists and numbers are taken as text", (status["notice"]["systems"], status["notice"]["callback"]) == (
        "MES, ERP", "13800000000"), status["notice"])
    pathlib.Path(facts).write_text('{"kind":"leak","data_leaked_or_stolen":false}', encoding="utf-8")
    code, r, _ = call(home, "incident", "new", "--facts", facts, "--wait", "0")
    check("what contradicts itself is refused, both fields named", code == INVALID and {f["field"] for f in r["faults"]} == {
        "kind", "data_leaked_or_stolen"}, (code, r))
    for text in ('{"kind":"leak","note":"a\\u0000b"}', '{"kind":"leak","note":123456789012345678901234567890}'):
        pathlib.Path(facts).write_text(text, encoding="utf-8")
        code, r, err = call(home, "incident", "new", "--facts", facts, "--wait", "0")
        check("text that is no JSON names the field where it stopped", code == INVALID and "'note'" in json.dumps(r) + err and
              "JSON_ALLOW_NUL" not in json.dumps(r) + err, (code, r, err))
    code, r, _ = call(home, "incident", "call", "latest", "--to", "mars")
    check("a call to no role is logged and does not end as done", code == PARTLY and r["clocks_answered"] == 0, (code, r))


def main():
    with tempfile.TemporaryDirectory() as base:
        os.makedirs(f"{base}/server")
        server = receiver.Receiver(f"{base}/server")
        undecided(base)
        without_a_route(base)
        by_telephone(base, server)
        to_everybody(base, server)
        other_clocks(base, server)
        dead_server(base)
        input_of_scripts(base)
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()
