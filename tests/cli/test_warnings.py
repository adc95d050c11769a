#!/usr/bin/env python3
"""Early warnings for people: labels in both languages, each version with what it changed, and the ministry's form on
paper, compared with the form's own labels. Printed as TAP."""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exports as x  # noqa: E402

PARTLY = 3
FIELDS = {"level": "yellow", "start": "2026年11月28日起", "scope": "本市钢铁企业", "harm": "勒索软件经远程运维入口传播",
          "notes": "夜间异常登录", "measures": "关闭远程入口", "deadline": "三日内", "audience": "钢铁企业", "issuer": "某市工信局"}
# As the 2024 plan names what a warning states, in its order.
LABELS = {"zh": ["预警等级", "起始时间", "可能的影响范围", "造成的危害", "警示事项", "应采取的防范措施", "处置时限要求", "发布范围", "发布机关"],
          "en": ["Warning level", "Start time", "Possible scope", "Possible harm", "Points of caution",
                 "Preventive measures to take", "Time limit for handling", "Scope of publication", "Issuing authority"]}


def squeezed(text):
    return re.sub(r"\s+", "", text)


def text_of(pdf):
    return squeezed(subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True).stdout.decode())


def screen(home, *words, lang="zh"):
    code, out, err = x.run(home, *words, "--lang", lang)
    return code, out.decode("utf-8", "replace"), err


def in_order(text, wanted):
    at = -1
    for word in wanted:
        at = text.find(word, at + 1)
        if at < 0:
            return False
    return True


def issued(home):
    fields = [f"--set={k}={v}" for k, v in FIELDS.items()]
    code, out, err = screen(home, "warning", "issue", "--role", "local_regulator", *fields)
    x.check("what was issued is shown with the form's labels in their order", code == x.OK and in_order(out, LABELS["zh"])
            and "某市工信局" in out, (out, err))
    code, out, _ = screen(home, "warning", "adjust", "latest", "--set", "deadline=今日内", "--reason", "扩散较快")
    x.check("an adjustment shows what it changed and why", code == x.OK and "处置时限要求：三日内 → 今日内" in out
            and "扩散较快" in out, out)
    code, out, _ = screen(home, "warning", "lift", "latest", "--reason", "风险消除")
    x.check("a lifted one says so", code == x.OK and "已解除" in out and "风险消除" in out, out)


def shown(home, base):
    for lang in ("zh", "en"):
        code, out, _ = screen(home, "warning", "show", lang=lang)
        x.check(f"show gives every label and every version ({lang})", code == x.OK and in_order(out, LABELS[lang])
                and out.count("+08:00") >= 3, out)
    code, out, _ = screen(home, "warning", "show", "latest", "--version", "1", lang="en")
    x.check("an old version is shown as it was, and said to be old", code == x.OK and "Time limit for handling      三日内" in out
            and "This is version 1; the present one is 3." in out and "in force" in out.splitlines()[0], out)
    lines = x.new_home(base, "lines")
    fields = x.write(f"{base}/lines.json", {**FIELDS, "measures": "1. 断网\n2. 改口令"})
    code, out, _ = screen(lines, "warning", "issue", "--role", "local_regulator", "--file", fields)
    rows = [line.strip() for line in out.splitlines()]
    x.check("a numbered list keeps its lines", code == x.OK and "2. 改口令" in rows, out)
    code, _, err = screen(home, "warning", "show", "latest", "--version", "4", lang="en")
    x.check("a version that there is not is named", code == x.ABSENT and "no version 4: it has 3" in err, err)
    r = x.call(home, "warning", "show")
    changes = [v["changes"] for v in r["versions"]]
    x.check("as JSON each version has its change, hash and envelope", [v["change"] for v in r["versions"]] == [
        "issue", "adjust", "lift"] and changes == [[], [{"field": "deadline", "before": "三日内", "after": "今日内"}], []], r)
    payloads = [json.loads(base64.b64decode(v["envelope"]["payload"])) for v in r["versions"]]
    x.check("and what was signed is that version", [p["version"] for p in payloads] == [1, 2, 3]
            and payloads[2]["state"] == "lifted", payloads)


def listed(home):
    code, out, _ = screen(home, "warning", "list", "--all", lang="zh")
    head = out.splitlines()[0].split()
    x.check("the list is a table with headings", code == x.OK and head == ["编号", "等级", "状态", "版本", "可能的影响范围"]
            and in_order(out, ["黄色", "已解除", "3", "本市钢铁企业"]), out)


def on_paper(home, base):
    if not x.has("pdftotext"):
        x.skip("the ministry's form on paper", "needs poppler-utils")
        return
    for lang in ("zh", "en"):
        pdf, page = f"{base}/w.pdf", f"{base}/w.html"
        code, _, err = screen(home, "warning", "show", "latest", "--version", "2", "--pdf", pdf, "--html", page, "--tlp", "GREEN",
                              lang=lang)
        text = text_of(pdf)
        x.check(f"the PDF holds the nine fields in the form's order, number, version and label ({lang})", code == x.OK and in_order(
            text, [squeezed(f"{n}. {label}") for n, label in enumerate(LABELS[lang], 1)]) and "■" in text
            and text.count("TLP:GREEN") == 2 and "W20" in text, (err, text))
        with open(page, encoding="utf-8") as f:
            html = f.read()
        x.check(f"and says what that version changed and why ({lang})", "三日内→今日内" in text and "扩散较快" in text, text)
        x.check(f"the page holds both languages and no script ({lang})", all(label in html for half in LABELS.values() for label in half)
                and "<script" not in html and "http-equiv" in html.lower(), html[:600])
    screen(home, "warning", "show", "--pdf", f"{base}/l.pdf")
    x.check("the paper of a lifted one says that it holds no longer", "不再有效" in text_of(f"{base}/l.pdf"), text_of(f"{base}/l.pdf"))


def drills(base):
    home = x.new_home(base, "drill")
    fields = [f"--set={k}={v}" for k, v in FIELDS.items()]
    code, _, err = screen(home, "warning", "issue", "--drill", "--role", "local_regulator", *fields, "--pdf", f"{base}/d.pdf",
                          "--html", f"{base}/d.html")
    x.check("a drill's warning is written with the command that issues it", code == x.OK and os.path.getsize(f"{base}/d.pdf") > 1000, err)
    with open(f"{base}/d.html", encoding="utf-8") as f:
        html = f.read()
    x.check("and marked as one", "演练" in html and "DRILL" in html, html[:500])
    if x.has("pdftotext"):
        places = subprocess.run(["pdftotext", "-bbox", f"{base}/d.pdf", "-"], capture_output=True, check=True).stdout.decode()
        tall = [w for top, low, w in re.findall(r'yMin="([-\d.]+)" xMax="[-\d.]+" yMax="([-\d.]+)">(.*?)</word>', places)
                if float(low) - float(top) > 60]
        x.check("with its watermark across the page", sorted("".join(tall)) == sorted("演练"), tall)


def troubles(base):
    home = x.new_home(base, "trouble")
    fields = [f"--set={k}={v}" for k, v in FIELDS.items()]
    code, _, err = screen(home, "warning", "issue", "--role", "local_regulator", *fields, "--tlp", "PURPLE", lang="en")
    x.check("a label that is none stops it before anything is stored", code == x.INVALID and "PURPLE" in err
            and x.call(home, "warning", "list", codes=(x.OK, x.ABSENT)).get("warnings", []) == [], err)
    code, out, err = x.run(home, "warning", "issue", "--role", "local_regulator", *fields, "--pdf", "/nowhere/w.pdf", "--json")
    r = json.loads(out)
    x.check("a paper that cannot be written does not undo the warning", code == PARTLY and r["version"] == 1
            and "nowhere" in r["document_trouble"], (code, out, err))
    code, _, err = screen(home, "warning", "adjust", "latest", "--set", "deadline=x", "--reason", "r", "--dry-run", "--html",
                          f"{base}/dry.html", lang="en")
    with open(f"{base}/dry.html", encoding="utf-8") as f:
        html = f.read()
    x.check("a rehearsal's paper says that it is not issued", code == x.OK and "Not issued" in html and "SHA-256" not in html
            and x.call(home, "warning", "show")["version"] == 1, err)


def main():
    with tempfile.TemporaryDirectory() as base:
        home = x.new_home(base, "home")
        issued(home)
        shown(home, base)
        listed(home)
        on_paper(home, base)
        drills(base)
        troubles(base)
    x.finish()


main()
