#!/usr/bin/env python3
"""Redacted copies in every format: an incident has a word of its own in every place where somebody writes a name, a
number, an address or a sentence, and none of them may be in any redacted copy. Printed as TAP."""
import html
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exports as x  # noqa: E402
import receiver  # noqa: E402

# Every word that is planted; each must be seen in some whole copy, else its absence says nothing.
WORDS = sorted({w for text in (json.dumps([x.PLANTED, x.WRITTEN, x.SUMMARY]), x.PROFILE) for w in re.findall(r"QZX[A-Z0-9]+", text)} | {
    "QZXBY", "QZXREASON", "QZXOFFICER", "QZXDESK", "QZXSAID", "QZXCHANGED1", "QZXCHANGED2", "QZXCHANGED3", "QZXFILE", "QZXCAUSE2",
    "QZXHOLDER", "QZXNOTE", "QZXSERVER"})
# Of the profile only what is shown of an incident: no question, no label of a fact that is known.
UNSEEN = {"QZXGROUPNAME", "QZXLABEL", "QZXFACT", "QZXSTAGE", "QZXROLE"}


def leaks(text):
    """What a redacted text holds and must not."""
    squeezed = x.squeezed(text).lower()
    found = sorted({w for w in re.findall(r"qzx[a-z0-9_.]*", squeezed)})
    return found + [n for n in (*x.NUMBERS, "华东精密") if n in squeezed]


def readable(form, data):
    """Everything that somebody could read in an export."""
    if form in ("pdf", "dossier"):
        about, _ = x.pdf_about(data, x.FOLDER)
        return x.pdf_text(data) + about
    if form == "xlsx":
        return "".join(part.decode("utf-8", "replace") for part in x.read_xlsx(data)[2].values())
    if form == "icalendar":
        return re.sub("\r\n[ \t]", "", data.decode("utf-8"))
    text = data.decode("utf-8")
    return html.unescape(text) if form == "html" else text + json.dumps(json.loads(text), ensure_ascii=False) if form in (
        "json", "stix", "misp", "ocsf") else text


def formats():
    pdf = x.PDFS if x.has("pdftotext") else ()
    return (*x.TEXTS, "xlsx", *pdf)


def copies(home, incident, what):
    seen = ""
    for form in formats():
        for language in ("en", "zh"):
            whole = readable(form, x.export(home, incident, form, "--lang", language))
            seen += whole
            if form != "icalendar":
                x.check(f"{what}: the whole {form} ({language}) shows words, so that leaving them out can fail", leaks(whole), form)
            data = x.export(home, incident, form, "--redact", "--lang", language)
            found = leaks(readable(form, data))
            x.check(f"{what}: the redacted {form} ({language}) holds no word, name, number or address", not found, (form, found))
            x.check(f"{what}: and still says which incident it is", re.search(r"D?20\d\d-\d{4}", readable(form, data)) is not None)
    return seen


def planted(home, incident, seen):
    status = json.dumps(x.call(home, "incident", "status", incident), ensure_ascii=False)
    lost = [w for w in WORDS if w not in UNSEEN and w not in seen + status]
    x.check("every planted word is really in the incident", not lost, lost)
    lost = [n for n in x.NUMBERS if n not in x.squeezed(seen + status)]
    x.check("and every planted number and address", not lost, lost)


def refusals(home, incident, base):
    for form in ("proof", "receipt"):
        code, out, err = x.run(home, "incident", "export", incident, "--format", form, "--redact", "--out", f"{base}/no")
        x.check(f"there is no redacted {form}, and that is said", code == x.USAGE and not os.path.exists(f"{base}/no") and err, err)
    os.makedirs(f"{home}/forms", exist_ok=True)
    x.write(f"{home}/forms/qzx-form.yaml", "id: qzx-form\nversion: 1\ntitle: { en: QZXTITLE, zh: QZXTITLE }\ninstrument: QZX\n"
            "certainty: A\nlanguage: zh\nutc_offset_minutes: 480\nstages: [follow_up]\nfields:\n  - key: a\n"
            "    label: { en: QZXLABEL2, zh: QZXLABEL2 }\n    type: choice\n    options:\n"
            "      - { key: b, label: { en: QZXOPTION, zh: QZXOPTION } }\n    required: true\n")
    x.call(home, "incident", "report", incident, "--stage", "follow_up", "--profile", "cn-miit", "--form", "qzx-form", "--set", "a=b", "--what-changed",
           "QZXCHANGED4", "--wait", "0", codes=(0, 7))
    code, out, err = x.run(home, "incident", "export", incident, "--format", "pdf", "--redact")
    x.check("a form of one's own, whose very labels may tell, has no redacted copy", code == x.DENIED and out == b"" and
            "qzx-form" in err, (code, err))
    for form in formats():
        if form != "pdf":
            found = leaks(readable(form, x.export(home, incident, form, "--redact")))
            x.check(f"nor is that form named in the redacted {form}", not found, found)


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-redaction-", dir="/var/tmp") as base:
        x.FOLDER = base
        os.makedirs(f"{base}/server", mode=0o700)
        server = receiver.Receiver(f"{base}/server")
        sign = server.sign
        server.sign = lambda payload: sign(payload.replace(b'"province"', b'"QZXSERVER"'))
        if not x.has("pdftotext"):
            x.skip("redacted PDFs", "needs poppler-utils")
        home = x.new_home(base, "home")
        server.route(home, name="qzxroute")
        real = x.rich(home)
        delivered = [s for s in x.call(home, "incident", "status", real)["submissions"] if s["delivery"] == "delivered"]
        x.check("the server has what was handed in", len(delivered) >= 3, delivered)
        seen = copies(home, real, "real")
        planted(home, real, seen)
        drill = x.rich(home, "--drill", "QZXDRILL")
        x.check("the drill's name is in its whole copy", b"QZXDRILL" in x.export(home, drill, "json"))
        copies(home, drill, "drill")
        refusals(home, real, base)
    x.finish()


main()
