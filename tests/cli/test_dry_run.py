#!/usr/bin/env python3
"""--dry-run of what changes an incident, a clock, a warning or the outbox: the home stays as it is, byte by byte. TAP."""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import receiver  # noqa: E402

PROGRAM = os.environ["TOCSIN"]
OK, CONFLICT, INVALID = 0, 5, 6
RESULTS = []
REPORT = {"reporter.contact": "张三", "reporter.phone": "13800138000", "event.occurred_at": "2026-11-24T13:50:00+08:00",
          "event.source": "自主监测发现", "event.system": {"unknown_reason": "日志正在排查"}, "event.system_address": "10.0.0.5",
          "event.cause": "钓鱼邮件", "event.data_type": ["管理"], "event.data_level": "重要", "event.data_volume": "12.5 GB",
          "event.pi": "300 条个人信息", "impact.subject": "客户", "impact.scope": "华东地区", "advice": "已断网", "signature": "张三"}
WARNING = {"level": "yellow", "start": "2026-11-27", "scope": "本市钢铁企业", "harm": "勒索软件", "notes": "关注异常登录",
           "measures": "关闭远程入口", "deadline": "三日内", "audience": "钢铁企业", "issuer": "市工业和信息化局"}


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def call(home, *words):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--json"], capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {"not JSON": done.stdout.decode("utf-8", "replace")}
    return done.returncode, value, done.stderr.decode("utf-8", "replace")


def text(home, *words):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--lang", "en"], capture_output=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, text=True)
    return done.stdout + done.stderr


def bytes_of(folder):
    found = {}
    for place, _, names in os.walk(folder):
        found[place] = b""
        for name in names:
            with open(f"{place}/{name}", "rb") as f:
                found[f"{place}/{name}"] = hashlib.sha256(f.read()).hexdigest()
    return found


def dry(name, home, folder, words, expected, code=OK):
    """The call says what would be done, and changes nothing of the folder."""
    before = bytes_of(folder)
    got, r, err = call(home, *words, "--dry-run")
    after = bytes_of(folder)
    check(f"{name}: says what would be done", got == code and (code != OK or r.get("dry_run") is True) and expected(r), (got, r, err))
    check(f"{name}: and the home stays as it is", before == after, sorted(set(before.items()) ^ set(after.items())))


def incidents(base, home):
    form = f"{base}/form.json"
    with open(form, "w", encoding="utf-8") as f:
        json.dump(REPORT, f)
    _, r, _ = call(home, "incident", "new", "--company", "示例公司", "--kind", "leak", "--discovered-at", "2026-11-24T14:00:00+08:00",
                   "--set", "data_class=important", "--set", "threat=serious",
                   "--wait", "0")
    clock = r["clocks"][0]["id"]
    dry("regrade", home, base, ["incident", "regrade", "latest", "--set", "data_class=core", "--set", "threat=especially_serious"],
        lambda r: r["classification"]["tier"] == 1 and r["classification_before"]["tier"] == 2)
    dry("a regrade that the rules refuse", home, base, ["incident", "regrade", "latest", "--set", "data_class=secret"],
        lambda r: [f["field"] for f in r["faults"]] == ["data_class"], INVALID)
    dry("call", home, base, ["incident", "call", "latest", "--to", "ministry", "--person", "desk"], lambda r: r["clocks_answered"] > 0)
    dry("report", home, base, ["incident", "report", "latest", "--file", form, "--attach", form, "--what-changed", "first"],
        lambda r: r["stage"] == "written" and not r["draft"])
    dry("a report with holes", home, base, ["incident", "report", "latest"], lambda r: len(r["faults"]) > 2, INVALID)
    dry("acknowledge", home, base, ["clock", "acknowledge", clock, "--person", "duty officer"], lambda r: r["clock"] == clock)
    dry("an acknowledgement by nobody", home, base, ["clock", "acknowledge", clock], lambda r: "person" in r["error"]["message"], INVALID)
    dry("silence", home, base, ["clock", "silence", clock, "--person", "duty officer"], lambda r: r["until"])
    dry("mark", home, base, ["incident", "mark", "latest", "handled"], lambda r: any(
        c["stage"] == "summary" and c["state"] == "running" for c in r["clocks"]))
    dry("a close that is too early", home, base, ["incident", "close", "latest"], lambda r: True, CONFLICT)
    call(home, "incident", "mark", "latest", "handled")
    dry("close", home, base, ["incident", "close", "latest", "--anyway", "--reason", "handed over"], lambda r: r["state"] == "closed")
    dry("reopen", home, base, ["incident", "close", "latest", "--reopen", "--reason", "it goes on"], lambda r: r["state"] == "open")
    _, key, _ = call(home, "evidence", "key")
    dry("rotate", home, base, ["evidence", "rotate"], lambda r: r["previous"] == key["key"] and r["key"] is None)
    shown = text(home, "incident", "call", "latest", "--to", "ministry", "--person", "desk", "--dry-run")
    check("no sentence claims that it was done", "would" in shown and "is logged" not in shown and "Dry run" in shown, shown)


def outbox(base, server):
    home = f"{base}/outbox"
    os.makedirs(home, mode=0o700)
    server.route(home)
    call(home, "incident", "new", "--company", "乙厂", "--kind", "leak", "--wait", "0")
    posts = server.posts
    dry("flush", home, base, ["outbox", "flush"], lambda r: r["waiting"] == len(r["items"]) > 0)
    check("and nothing reaches the receiver", server.posts == posts, server.posts)
    certificate, parcel, answer = f"{server.folder}/courier.pem", f"{base}/out.tocsin", f"{base}/answer"
    receiver.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=courier", "-keyout",
                     f"{server.folder}/courier.key", "-out", certificate)
    dry("export", home, base, ["outbox", "export", parcel, "--recipient", certificate], lambda r: r["envelopes"] > 0)
    check("and no file is written", not os.path.exists(parcel))
    call(home, "outbox", "export", parcel, "--recipient", certificate)
    dry("an export over a file that is there", home, base, ["outbox", "export", parcel, "--recipient", certificate],
        lambda r: "there already" in r["error"]["message"], CONFLICT)
    listed = text(home, "outbox", "list")
    check("the list says what is on removable media and since when", "on removable media since 20" in listed, listed)
    plain = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", parcel, "-inkey", f"{server.folder}/courier.key",
                            "-recip", certificate], capture_output=True, check=True)
    receipts = []
    for row in json.loads(plain.stdout)["envelopes"]:
        server.reply("/api/v1/envelopes", row["id"], row["envelope"].encode())
        receipts.append({"id": row["id"], "receipt": server.received[row["id"]][1].decode()})
    with open(answer, "w", encoding="utf-8") as f:
        json.dump({"tocsin_parcel": 1, "made_at": json.loads(plain.stdout)["made_at"], "route": "province", "receipts": receipts}, f)
    dry("import", home, base, ["outbox", "import", answer], lambda r: r["delivered"] == len(receipts) and r["wrong"] == 0)
    code, r, _ = call(home, "outbox", "import", answer)
    check("what was tried is then done", code == OK and r["delivered"] == len(receipts), r)


def warnings(base):
    home, fields = f"{base}/warning", [f"--set={k}={v}" for k, v in WARNING.items()]
    dry("issue where there is no home yet", home, base, ["warning", "issue", "--role", "local_regulator", *fields],
        lambda r: r["level"] == "yellow")
    dry("an issue with holes", home, base, ["warning", "issue", "--role", "local_regulator"], lambda r: len(r["faults"]) > 2, INVALID)
    _, r, _ = call(home, "warning", "issue", "--role", "local_regulator", *fields)
    dry("a second one has the next number", home, base, ["warning", "issue", "--role", "local_regulator", *fields],
        lambda s: s["number"].endswith("-0002"))
    dry("adjust", home, base, ["warning", "adjust", r["number"], "--set", "deadline=今日内", "--reason", "it spreads"],
        lambda r: r["version"] == 2)
    dry("lift", home, base, ["warning", "lift", r["number"], "--reason", "gone"], lambda r: r["state"] == "lifted")


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-dry-", dir="/var/tmp") as base:
        with tempfile.TemporaryDirectory(prefix="tocsin-authority-", dir="/var/tmp") as authority:
            server = receiver.Receiver(authority)
            os.makedirs(f"{base}/incident", mode=0o700)
            incidents(base, f"{base}/incident")
            outbox(base, server)
            warnings(base)
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()
