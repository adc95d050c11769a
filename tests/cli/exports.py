"""What the tests of exports share: incidents with a word of their own in every place where somebody writes, readers of
the formats, and TAP."""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree
import zipfile

PROGRAM = os.environ["TOCSIN"]
SOURCE = os.environ["TOCSIN_SOURCE"]
OK, USAGE, DENIED, ABSENT, INVALID, QUEUED = 0, 2, 4, 5, 6, 7
LABELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
TEXTS = ("json", "stix", "misp", "ocsf", "csv", "icalendar", "syslog", "html", "12387")
PDFS = ("pdf", "dossier")
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print("\n".join(f"# {line[:1500]}" for line in str(shown).splitlines()[:40]))
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def skip(name, reason):
    RESULTS.append(True)
    print(f"ok {len(RESULTS)} - {name} # SKIP {reason}", flush=True)


def finish():
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


def with_jsonschema():
    """Starts anew under the system's Python where this one has no jsonschema and that one does."""
    try:
        import jsonschema  # noqa: F401
        return True
    except ImportError:
        pass
    system = "/usr/bin/python3"
    if sys.executable != system and os.access(system, os.X_OK) and "TOCSIN_PYTHON" not in os.environ and subprocess.run(
            [system, "-c", "import jsonschema"], stderr=subprocess.DEVNULL).returncode == 0:
        os.environ["TOCSIN_PYTHON"] = system
        os.execv(system, [system, *sys.argv])
    return False


def has(program):
    return shutil.which(program) is not None


# --- calling ---

def run(home, *words, stdin=None):
    done = subprocess.run([PROGRAM, *words, "--home", home], input=stdin, capture_output=True, timeout=120,
                          stdin=None if stdin is not None else subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def call(home, *words, codes=(OK,), stdin=None):
    """What must go well for the rest to mean anything."""
    code, out, err = run(home, *words, "--json", stdin=stdin)
    if code not in codes:
        sys.exit(f"{' '.join(words)} ended with {code}: {err} {out.decode('utf-8', 'replace')}")
    return json.loads(out) if out else {}


def export(home, incident, form, *words):
    code, out, err = run(home, "incident", "export", incident, "--format", form, *words)
    if code != OK:
        sys.exit(f"export {form} {' '.join(words)} ended with {code}: {err}")
    return out


def ago(minutes):
    at = time.time() - 60 * minutes
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(at + 8 * 3600))


def write(path, value):
    with open(path, "w", encoding="utf-8") as f:
        if isinstance(value, str):
            f.write(value)
        else:
            json.dump(value, f, ensure_ascii=False)
    return path


# --- incidents ---

# In each place where a person writes: the word that is looked for, and the text that holds it.
PLANTED = {
    "company": "QZXCOMPANY 华东精密制造有限公司",
    "what": "QZXWHAT 文件被加密，屏幕上有勒索信",
    "systems": "QZXSYSTEM 生产执行系统 10.77.66.55",
    "scale": "QZXSCALE 约 300 台主机",
    "action": "QZXACTION 已断网",
    "callback": "QZXPERSON 13812345678",
}
NUMBERS = ("13812345678", "87654321", "10.77.66.55", "qzx.example.org")

PROFILE = """id: qzxgroup
version: 1
name: { zh: QZXGROUPNAME 集团规定, en: Rules of the QZXGROUPNAME group }
label: { zh: QZXLABEL 内部规定, en: QZXLABEL internal }
status: programme
effective_from: 2026-01-01
utc_offset_minutes: 480
calendar: cn
defaults: { instrument: QZXINSTRUMENT, certainty: A }
instruments:
  - { key: QZXINSTRUMENT, zh: QZXINSTRUMENT 规定, en: QZXINSTRUMENT rules }
roles:
  - { key: qzx_office, zh: QZXROLE 值班室, en: QZXROLE office }
stages:
  - { key: qzx_notice, zh: QZXSTAGE 报集团, en: QZXSTAGE notice }
facts:
  - key: qzx_plants
    kind: count
    unit: count
    most: 500
    label: { zh: QZXFACT 停产工厂数, en: QZXFACT plants }
    question: { zh: QZXFACT 有多少家工厂停产？, en: QZXFACT how many plants? }
grades:
  - { class: qzx_alarm, zh: QZXGRADE 警报, en: QZXGRADE alarm }
  - { class: notice, zh: 通报, en: notice }
default_grade: notice
criteria:
  - row: '1'
    grade: qzx_alarm
    metric: qzx_metric
    when: { fact: qzx_plants, at_least: 1 }
    zh: QZXCRITERION 工厂停产
    en: QZXCRITERION plants have stopped
duties:
  - id: qzx_duty
    stage: qzx_notice
    owes: company
    to: qzx_office
    medium: telephone
    from_grade: qzx_alarm
    clock: { within: 15, from: discovered, from_if_unknown: occurred, target: 5 }
    zh: QZXDUTY 电话报集团
    en: QZXDUTY the group is told by telephone
"""

WRITTEN = {
    "reporter.name": "QZXREPORTER 有限公司", "reporter.contact": "QZXCONTACT", "reporter.phone": "010-87654321",
    "event.occurred_at": None, "event.source": {"choice": "third_party", "text": "QZXSOURCE 公司"},
    "event.victim": "QZXVICTIM", "event.system": "QZXPLATFORM", "event.system_address": "https://qzx.example.org/",
    "event.cause": "QZXCAUSE 钓鱼邮件", "event.data_type": ["production"], "event.data_volume": "12 GB",
    "event.pi": "无", "impact.subject": "QZXSUBJECT", "impact.scope": "QZXSCOPE", "advice": ["QZXADVICE1", "QZXADVICE2"],
    "signature": "QZXSIGNATURE",
}
SUMMARY = {"s1": "QZXSUMMARY1", "s2": "QZXSUMMARY2", "s3": "QZXSUMMARY3", "s4": "QZXSUMMARY4", "s5": "QZXSUMMARY5"}


def new_home(base, name):
    home = f"{base}/{name}"
    os.makedirs(home, mode=0o700)
    return home


def plain(home, *words, **facts):
    """A real incident that was just noticed, of which little is known."""
    given = {"company": "示例公司", "discovered_at": ago(3), "kind": "leak", "what": "客户资料外泄", **facts}
    path = write(f"{home}/plain.json", given)
    return call(home, "incident", "new", "--facts", path, "--wait", "0", *words, codes=(OK, QUEUED))["id"]


def first_notice(home, *words):
    facts = {**PLANTED, "discovered_at": ago(6), "kind": "ransomware", "ongoing": "yes", "address": "QZXADDRESS 路 1 号",
             "data_domain": "industrial", "data_class": "important", "threat": "serious", "occurred_at": ago(9),
             "personal_information_persons": 1200000, "pi_records": 4000000, "outage_minutes": 90,
             "direct_loss_fen": 6000000000, "ransom_demanded": True, "ransom_amount_fen": 90000000, "qzx_plants": 2}
    path = write(f"{home}/facts.json", facts)
    profiles = [w for p in ("cn-miit", "cn-miit-2024-214", "cn-cac-2025", "eu-nis2", "qzxgroup") for w in ("--profile", p)]
    return call(home, "incident", "new", "--facts", path, *profiles, "--by", "QZXBY", "--wait", "20", *words,
                codes=(OK, QUEUED))["id"]


def written_report(home, incident):
    fields = {**WRITTEN, "event.occurred_at": ago(9)}
    path = write(f"{home}/written.json", fields)
    attached = write(f"{home}/QZXFILE.log", "x")
    call(home, "incident", "report", incident, "--stage", "written", "--file", path, "--what-changed", "QZXCHANGED1",
         "--wait", "20", codes=(OK, QUEUED))
    call(home, "incident", "report", incident, "--stage", "follow_up", "--profile", "cn-miit", "--set", "event.cause=QZXCAUSE2", "--what-changed",
         "QZXCHANGED2", "--attach", attached, "--wait", "20", codes=(OK, QUEUED))


def rich(home, *words):
    """Everything that can be said of an incident, each time with a word that nobody else uses."""
    os.makedirs(f"{home}/profiles", mode=0o700, exist_ok=True)
    write(f"{home}/profiles/qzxgroup.yaml", PROFILE)
    incident = first_notice(home, *words)
    call(home, "incident", "regrade", incident, "--set", "data_leaked_or_stolen=true", "--wait", "20", codes=(OK, QUEUED))
    call(home, "incident", "regrade", incident, "--tier", "1", "--reason", "QZXREASON", "--person", "QZXOFFICER", "--wait",
         "20", codes=(OK, QUEUED))
    call(home, "incident", "call", incident, "--to", "local_regulator", "--person", "QZXDESK", "--number", "010-87654321",
         "--said", "QZXSAID")
    call(home, "incident", "call", incident, "--to", "ministry", "--person", "QZXDESK", "--said", "QZXSAID")
    written_report(home, incident)
    clocks = call(home, "clock", "list")["clocks"]
    mine = next(c for c in clocks if c["incident"] == incident and c["state"] == "running")
    call(home, "clock", "acknowledge", mine["id"], "--person", "QZXHOLDER", "--for", "2h")
    call(home, "incident", "mark", incident, "handled", "--note", "QZXNOTE")
    path = write(f"{home}/summary.json", SUMMARY)
    call(home, "incident", "report", incident, "--stage", "summary", "--profile", "cn-miit", "--file", path, "--what-changed", "QZXCHANGED3",
         "--attach", f"{home}/QZXFILE.log", "--wait", "20", codes=(OK, QUEUED))
    return incident


# --- readers ---

def read_calendar(data):
    """RFC 5545: faults as sentences, and the components as (name, {property: (parameters, value)}, children)."""
    faults = []
    text = data.decode("utf-8")
    if "\n" in text.replace("\r\n", ""):
        faults.append("a line does not end in CRLF")
    for line in data.split(b"\r\n"):
        if len(line) > 75:
            faults.append(f"longer than 75 octets: {line[:40]!r}")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            faults.append(f"a character is divided: {line[:40]!r}")
    root = ("", {}, [])
    stack = [root]
    for line in re.sub("\r\n[ \t]", "", text).split("\r\n"):
        if not line:
            continue
        found = re.fullmatch(r"([A-Z0-9-]+)((?:;[A-Z0-9-]+=[^:;]+)*):(.*)", line)
        if found is None or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line):
            faults.append(f"no content line: {line!r}")
            continue
        name, value = found.group(1), found.group(3)
        if name == "BEGIN":
            stack.append((value, {}, []))
            stack[-2][2].append(stack[-1])
        elif name == "END":
            if stack.pop()[0] != value:
                faults.append(f"END:{value} ends something else")
        elif name in stack[-1][1]:
            faults.append(f"{name} twice in {stack[-1][0]}")
        else:
            stack[-1][1][name] = value
    if len(stack) != 1:
        faults.append("something does not end")
    if any(name == "VCALENDAR" and not children for name, _, children in root[2]):
        faults.append("a calendar without a component")
    return faults, root[2]


def calendar_text(value):
    """TEXT unescaped; None where a character that must be escaped is not."""
    if re.search(r"(?<!\\)(?:\\\\)*[;,]|(?<!\\)(?:\\\\)*\\[^\\;,nN]", value):
        return None
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


def read_csv(data):
    if not data.startswith(b"\xef\xbb\xbf"):
        return None
    rows = list(csv.reader(io.StringIO(data[3:].decode("utf-8"), newline=""), strict=True))
    return [dict(zip(rows[0], row)) for row in rows[1:]]


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_xlsx(data):
    """Rows as dicts, and what is wrong: cells that are no text, formulas, broken parts."""
    faults = []
    book = zipfile.ZipFile(io.BytesIO(data))
    if book.testzip() is not None:
        faults.append("a part of the archive is damaged")
    parts = {name: book.read(name) for name in book.namelist()}
    for name, part in parts.items():
        if name.endswith((".xml", ".rels")):
            xml.etree.ElementTree.fromstring(part)
    for needed in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        if needed not in parts:
            faults.append(f"{needed} is missing")
    strings = ["".join(t.text or "" for t in si.iter(f"{SHEET}t"))
               for si in xml.etree.ElementTree.fromstring(parts["xl/sharedStrings.xml"])]
    sheet = xml.etree.ElementTree.fromstring(parts["xl/worksheets/sheet1.xml"])
    if sheet.find(f".//{SHEET}f") is not None:
        faults.append("a cell holds a formula")
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = {}
        for c in row.iter(f"{SHEET}c"):
            value = c.find(f"{SHEET}v")
            if value is not None and c.get("t") != "s":
                faults.append(f"{c.get('r')} is no text")
            cells[re.sub("[0-9]", "", c.get("r"))] = "" if value is None else strings[int(value.text)]
        rows.append(cells)
    head = rows[0]
    return [{head[k]: row.get(k, "") for k in head} for row in rows[1:]], faults, parts


SYSLOG = re.compile(
    r"<(\d{1,3})>1 (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z) (-|[!-~]{1,255}) (-|[!-~]{1,48}) (-|[!-~]{1,128}) "
    r"(-|[!-~]{1,32}) "
    r"(\[[!#-<>-\\^-~]{1,32}(?: [!#-<>-\\^-~]{1,32}=\"(?:[^\"\\\]]|\\[\"\\\]])*\")*\]) \ufeff([^\x00-\x1f]*)\n")


def read_syslog(data):
    """RFC 5424, section 6: (priority, MSGID, parameters, message), None where it is none."""
    found = SYSLOG.fullmatch(data.decode("utf-8"))
    if found is None or int(found.group(1)) > 191:
        return None
    pairs = re.findall(r' ([^ =]+)="((?:[^"\\\]]|\\["\\\]])*)"', found.group(7))
    values = {k: re.sub(r'\\(["\\\]])', r"\1", v) for k, v in pairs}
    return int(found.group(1)), found.group(6), values, found.group(8)


def pdf_text(data, *words):
    return subprocess.run(["pdftotext", "-enc", "UTF-8", *words, "-", "-"], input=data, check=True,
                          capture_output=True).stdout.decode("utf-8")


def pdf_pages(data):
    """The text of each page."""
    return pdf_text(data, "-layout").split("\f")[:-1]


def pdf_about(data, folder):
    path = f"{folder}/about.pdf"
    with open(path, "wb") as f:
        f.write(data)
    return (subprocess.run(["pdfinfo", path], check=True, capture_output=True).stdout.decode("utf-8"),
            subprocess.run(["pdffonts", path], check=True, capture_output=True).stdout.decode("utf-8").splitlines()[2:])


def squeezed(text):
    return re.sub(r"\s+", "", text)
