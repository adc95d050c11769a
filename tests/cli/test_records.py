#!/usr/bin/env python3
"""What an auditor, a duty desk and a calendar read of an incident: who signed a lower grade, times in the form's zone, the
copy for 12387, tables and calendars in the reader's language. Printed as TAP."""
import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exports as x  # noqa: E402

REASON = "the data turned out to be test data"


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=True).stdout


def text(home, *words, lang="en"):
    code, out, err = x.run(home, *words, "--lang", lang)
    return code, out.decode("utf-8", "replace"), err


# --- who signed ---

def make_person(base, home, name):
    openssl("genpkey", "-algorithm", "ed25519", "-out", f"{base}/{name}.key")
    os.chmod(f"{base}/{name}.key", 0o600)
    openssl("pkey", "-in", f"{base}/{name}.key", "-pubout", "-out", f"{base}/{name}.pem")
    if home:
        with open(f"{base}/{name}.pem", "rb") as f, open(f"{home}/persons/{name}.pem", "wb") as to:
            to.write(f.read())


def lowered(base):
    home = x.new_home(base, "lowered")
    os.makedirs(f"{home}/persons", mode=0o700)
    x.call(home, "incident", "new", "--company", "甲厂", "--kind", "leak", "--set", "direct_loss_fen=10000000000", "--wait", "0",
           codes=(x.OK, x.QUEUED))
    words = ["incident", "regrade", "latest", "--tier", "4", "--person", "head of security", "--reason", REASON]
    code, statement, err = x.run(home, *words, "--statement")
    if code != x.OK:
        sys.exit(f"no statement: {err}")
    with open(f"{base}/statement", "wb") as f:
        f.write(statement)
    approvals = []
    for name in ("wang", "li"):
        make_person(base, home, name)
        _, envelope, _ = x.run(home, "incident", "approve", f"{base}/statement", "--key", f"{base}/{name}.key")
        with open(f"{base}/{name}.approval", "wb") as f:
            f.write(envelope)
        approvals += ["--approval", f"{base}/{name}.approval"]
    x.call(home, *words, *approvals, "--wait", "0", codes=(x.OK, x.QUEUED))
    return home


def key_ids(base):
    return [hashlib.sha256(openssl("pkey", "-pubin", "-in", f"{base}/{name}.pem", "-outform", "DER")).hexdigest()[:32]
            for name in ("wang", "li")]


def signers_are_named(base, home):
    ids = key_ids(base)
    for lang in ("en", "zh"):
        _, out, _ = text(home, "incident", "status", "latest", lang=lang)
        flat = re.sub(r"\s+", "", out)
        x.check(f"status names both signers and their keys, in the grade and in the history ({lang})", all(
            flat.count(name + {"en": "(key", "zh": "（密钥"}[lang]) >= 2 for name in ("wang", "li")) and all(flat.count(i) >= 2 for i in ids), out)
    r = x.call(home, "incident", "status", "latest")
    last, event = r["grade_history"][-1], [e for e in r["history"] if e["kind"] == "grade"][-1]["detail"]["grades"][0]
    x.check("the JSON has name, key, time and signed envelope, in the grades and in the chained history",
            [(a["person"], a["key"]) for a in last["approvals"]] == list(zip(("wang", "li"), ids))
            and all(a["at"].endswith("Z") and a["envelope"]["signatures"] for a in last["approvals"])
            and event["approvals"] == last["approvals"] and r["history_intact"], last)
    x.call(home, "incident", "regrade", "latest", "--set", "ongoing=no", "--wait", "0", codes=(x.OK, x.QUEUED, 5))
    r = x.call(home, "incident", "status", "latest")
    x.check("another fact does not make the grade forget who signed it", len(r["grades"][0]["approvals"]) == 2, r["grades"])
    if x.has("pdftotext"):
        with open(f"{base}/dossier.pdf", "wb") as f:
            f.write(x.export(home, "latest", "dossier", "--lang", "en"))
        paper = re.sub(r"\s+", "", subprocess.run(["pdftotext", "-raw", f"{base}/dossier.pdf", "-"], capture_output=True,
                                                  check=True).stdout.decode())
        x.check("the dossier names both and their keys", all(w in paper for w in ("wang", "li", *ids)), paper[:2000])
    redacted = x.export(home, "latest", "json", "--redact").decode()
    x.check("a redacted copy names nobody who signed", "wang" not in redacted and ids[0] not in redacted, redacted[:500])


def anybody_can_check(base, home):
    with open(f"{base}/incident.json", "wb") as f:
        f.write(x.export(home, "latest", "json"))
    far = x.new_home(base, "auditor")
    keys = [f"--key={base}/{name}.pem" for name in ("wang", "li")]
    code, out, err = x.run(far, "evidence", "approvals", f"{base}/incident.json", *keys, "--json")
    r = json.loads(out or b"{}")
    x.check("an auditor elsewhere checks both from the export and the persons' public keys", code == x.OK and r["valid"]
            and {a["person"] for a in r["approvals"]} == {"wang", "li"} and r["approvals"][0]["to"]["key"] == "general", (out, err))
    code, out, _ = x.run(far, "evidence", "approvals", f"{base}/incident.json", keys[0], keys[0])
    x.check("one of the keys alone is not enough", code == 1, out)
    code, _, err = x.run(far, "evidence", "approvals", f"{base}/incident.json")
    x.check("the export's own keys are not trusted", code == x.USAGE, err)
    incident = json.load(open(f"{base}/incident.json", encoding="utf-8"))
    broken = json.loads(json.dumps(incident))
    for grade in broken["grade_history"]:
        grade["reason"] = "something else"
    code, out, _ = x.run(far, "evidence", "approvals", x.write(f"{base}/broken.json", broken), *keys)
    x.check("another reason than the signed one is found", code == 1, out)
    for n, grade in enumerate(broken["grade_history"]):
        grade.update(incident["grade_history"][n], approvals=[])
    code, out, _ = x.run(far, "evidence", "approvals", x.write(f"{base}/broken.json", broken), *keys, "--json")
    x.check("a lower grade whose approvals were taken out is found", code == 1 and json.loads(out)["valid"] is False, out)
    for grade in broken["grade_history"]:
        grade["approvals"] = [{"person": "\x1b[2Jwang", "key": "k", "envelope": {}}]
    code, out, err = x.run(far, "evidence", "approvals", x.write(f"{base}/broken.json", broken), *keys)
    x.check("a name that would command a terminal is refused", code == x.INVALID and b"\x1b" not in out and "\x1b" not in err, (out, err))
    code, _, err = x.run(far, "evidence", "approvals", x.write(f"{base}/broken.json", [1]), *keys)
    x.check("and what is no export too", code == x.INVALID, err)
    approval = next(g for g in incident["grade_history"] if g["approvals"])["approvals"][0]
    payload = base64.b64decode(approval["envelope"]["payload"])
    kind = approval["envelope"]["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    for name, content in (("signed", signed), ("signature", base64.b64decode(approval["envelope"]["signatures"][0]["sig"]))):
        with open(f"{base}/{name}", "wb") as f:
            f.write(content)
    done = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{base}/wang.pem", "-rawin", "-in", f"{base}/signed",
                           "-sigfile", f"{base}/signature"], capture_output=True, check=False)
    x.check("and so does OpenSSL alone, as the manual describes", done.returncode == 0 and json.loads(payload)["incident"] == incident["id"],
            done.stdout + done.stderr)


# --- forms ---

def forms(base):
    home = x.new_home(base, "forms")
    x.call(home, "incident", "new", "--company", "甲厂", "--kind", "leak", "--set", "ransomware=false", "--wait", "0",
           codes=(x.OK, x.QUEUED))
    at = x.ago(30)
    utc = subprocess.run(["date", "-u", "-d", at, "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, check=True).stdout.decode().strip()
    fields = x.write(f"{base}/fields.json", {
        "event.occurred_at": {"value": utc}, "event.cause": {"value": "钓鱼邮件", "estimate": True}, "impact.scope": "全省",
        "advice": ["已断网", "请求技术支援"]})
    _, _, err = x.run(home, "incident", "report", "latest", "--show", "--file", fields, "--html", f"{base}/form.html", "--lang", "zh")
    with open(f"{base}/form.html", encoding="utf-8") as f:
        page = f.read()
    x.check("a time given in UTC stands on the ministry's form in its own zone",
            f"{at[:4]}年{at[5:7]}月{at[8:10]}日 {at[11:16]}（UTC+08:00）" in page and "（UTC）" not in page, err)
    x.check("the head of the form names its annex without a comma of another script", "214号附件2" in page and "214号, " not in page, "")
    before = x.export(home, "latest", "12387", "--lang", "zh").decode()
    x.check("before any report the copy for 12387 says what is not clear, and draws no strokes", "–" not in before
            and before.count("暂不清楚") >= 4 and re.search(r"3\. .*不涉及", before), before)
    full = {"reporter.name": "甲厂", "reporter.contact": "张三", "reporter.phone": "13800138000", "event.source": "own_monitoring",
            "event.victim": "甲厂", "event.system": "MES", "event.system_address": "10.0.0.1", "event.data_type": ["production"],
            "event.data_level": ["general"], "event.data_volume": "12 GB", "event.pi": {"unit": "none"}, "impact.subject": "甲厂客户",
            "event.tier": "general", "signature": {"name": "张三", "role": "总经理", "seal": True}}
    with open(fields, encoding="utf-8") as f:
        full.update(json.load(f))
    x.call(home, "incident", "report", "latest", "--file", x.write(fields, full), "--what-changed", "first", "--wait", "0",
           codes=(x.OK, x.QUEUED, 8))
    after = x.export(home, "latest", "12387", "--lang", "zh").decode()
    x.check("the copy for 12387 takes what the ministry's report said: cause, scope, measures", all(w in after for w in (
        "钓鱼邮件（估计）", "影响范围：全省", "影响主体：甲厂客户", "1. 已断网", "2. 请求技术支援")), after)
    return home


# --- other readers ---

def readers(home):
    rows = list(csv.reader(io.StringIO(x.export(home, "latest", "csv", "--lang", "zh").decode("utf-8-sig"))))
    x.check("no two columns of the Chinese table have one name", len(set(rows[0])) == len(rows[0]), rows[0])
    grades = rows[1][rows[0].index("各规则集的级别")]
    x.check("and its grades are in Chinese", "级（" in grades and "tier" not in grades, grades)
    calendar = x.export(home, "latest", "icalendar", "--lang", "zh").decode().replace("\r\n ", "")
    told = [line for line in calendar.splitlines() if line.startswith("DESCRIPTION:TLP")]
    x.check("the calendar's entries name who owes what to whom in words", told and not any(
        re.search(r"local_regulator|first_notice| -> ", line) for line in told) and "→" in told[0], told)
    at = x.ago(10)
    x.call(home, "incident", "call", "latest", "--to", "ministry", "--person", "值班员", "--at", at, "--said", "已报", codes=(x.OK, x.QUEUED, 8))
    _, out, _ = text(home, "incident", "status", "latest")
    flat = re.sub(r"\s+", " ", out)
    x.check("a call that was logged later shows both times", f"said to have been at {at[:10]} {at[11:19]}" in flat, out[-1500:])
    code, out, _ = text(home, "incident", "new", "--help", lang="zh")
    x.check("a company is asked for as one", code == x.OK and "--company 企业" in out, out[:800])


def main():
    with tempfile.TemporaryDirectory() as base:
        home = lowered(base)
        signers_are_named(base, home)
        anybody_can_check(base, home)
        readers(forms(base))
    x.finish()


main()
