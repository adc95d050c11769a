#!/usr/bin/env python3
"""Exports against the schemas in tests/schemas and the grammars of their standards, printed as TAP."""
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exports as x  # noqa: E402

HAS_JSONSCHEMA = x.with_jsonschema()
SCHEMAS = {"stix": "stix-2.1-incident", "misp": "misp-core-18", "ocsf": "ocsf-1.8.0-incident-finding", "json": "incident"}


def faults_of(form, data):
    import jsonschema
    with open(f"{x.SOURCE}/tests/schemas/{SCHEMAS[form]}.json", encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(json.loads(data))]


def schemas(home, incidents):
    for form, name in SCHEMAS.items():
        if not HAS_JSONSCHEMA:
            x.skip(f"{form} keeps to {name}", "needs python3-jsonschema")
            continue
        faults = []
        for what, incident in incidents.items():
            for words in ((), ("--redact",), ("--tlp", "RED"), ("--lang", "zh")):
                faults += [f"{what} {words}: {f}" for f in faults_of(form, x.export(home, incident, form, *words))]
        check_name = f"{form} of every incident, whole and redacted, keeps to {name}"
        x.check(check_name, not faults, "\n".join(faults))
    if not HAS_JSONSCHEMA:
        x.skip("the schemas refuse what is broken", "needs python3-jsonschema")
        return
    broken = {
        "stix": lambda v: v["objects"][1].update(id=v["objects"][1]["id"].replace("-4", "-8", 1)),
        "misp": lambda v: v["Event"]["Attribute"][0].pop("deleted"),
        "ocsf": lambda v: v.update(time=v["time"] // 1000),
        "json": lambda v: v.update(tlp="PURPLE"),
    }
    for form, harm in broken.items():
        value = json.loads(x.export(home, incidents["rich"], form))
        harm(value)
        x.check(f"the schema of {form} refuses what is broken", faults_of(form, json.dumps(value)))


# --- STIX ---

def ids_in(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith("_ref") and isinstance(inner, str):
                yield inner
            elif key.endswith("_refs"):
                yield from inner
            else:
                yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def stix(home, incidents):
    bundle = json.loads(x.export(home, incidents["rich"], "stix"))
    objects = {o["id"]: o for o in bundle["objects"]}
    of = {t: [o for o in bundle["objects"] if o["type"] == t] for t in ("incident", "task", "impact", "event", "identity")}
    x.check("no STIX id is there twice", len(objects) == len(bundle["objects"]))
    lost = [i for i in ids_in(bundle) if i not in objects]
    x.check("every STIX reference leads to an object of the bundle", not lost, lost)
    core = list(of["incident"][0]["extensions"].values())[0]
    x.check("the incident names its tasks, impacts and event", len(core["task_refs"]) == len(of["task"]) > 10 and
            len(core["impact_refs"]) == len(of["impact"]) == 4 and len(core["event_refs"]) == len(of["event"]) == 1, core)
    early = [o["id"] for o in bundle["objects"] if o.get("end_time", "z") < o.get("start_time", "")]
    x.check("nothing ends before it begins", not early, early)
    wrong = [o for o in of["impact"] if f"{o['impact_category']}-ext" not in o["extensions"]]
    x.check("an impact has the extension of its category", not wrong, wrong)
    x.check("a duty's due time is its task's due date", any("due_date" in t for t in of["task"]))
    x.check("duties that are done are successful, those that wait are pending",
            {"successful", "pending"} <= {t["outcome"] for t in of["task"]}, [t["outcome"] for t in of["task"]])
    x.check("what was leaked is a confirmed loss once that is known", "confirmed-loss" in json.dumps(of["impact"]))
    x.check("the same export twice is the same", x.export(home, incidents["rich"], "stix") ==
            x.export(home, incidents["rich"], "stix"))
    redacted = {o["id"] for o in json.loads(x.export(home, incidents["rich"], "stix", "--redact"))["objects"]}
    marking = {o["id"] for o in bundle["objects"] if o["type"] == "marking-definition"}
    x.check("a redacted bundle shares no object with the whole one, which it would overwrite", redacted & set(objects) == marking,
            redacted & set(objects))
    two = [json.loads(x.export(home, incidents[k], "stix")) for k in ("new", "drill")]
    same = [{o["id"]: o for o in b["objects"] if o["type"] == "identity"} for b in two]
    x.check("a company is the same identity in each of its incidents", same[0] == same[1], same)
    exercise = next(o for o in two[1]["objects"] if o["type"] == "incident")
    x.check("a drill is labelled an exercise", "exercise" in exercise["labels"] and exercise["name"].startswith("DRILL "), exercise)
    states = {k: list(next(o for o in json.loads(x.export(home, incidents[k], "stix"))["objects"] if o["type"] == "incident")
                      ["extensions"].values())[0]["investigation_status"] for k in ("new", "rich", "closed")}
    x.check("new, open and closed are told apart", states == {"new": "new", "rich": "open", "closed": "closed"}, states)


# --- MISP and OCSF ---

EXERCISE_TAGS = {'rsit:test="test"', 'tocsin:exercise="drill"'}


def misp(home, incidents):
    event = json.loads(x.export(home, incidents["rich"], "misp"))["Event"]
    x.check("MISP counts its attributes", event["attribute_count"] == str(len(event["Attribute"])) and len(event["Attribute"]) > 6)
    ids = [event["uuid"], *[a["uuid"] for a in event["Attribute"]]]
    x.check("no MISP uuid is there twice", len(set(ids)) == len(ids))
    tags = [t["name"] for t in event["Tag"]]
    x.check("tiers and classes are machine tags", 'tocsin:cn-miit="tier-1"' in tags and 'tocsin:qzxgroup="qzx_alarm"' in tags, tags)
    exercise = {t["name"] for t in json.loads(x.export(home, incidents["drill"], "misp"))["Event"]["Tag"]}
    x.check("only a drill is tagged a test and an exercise", EXERCISE_TAGS <= exercise and not EXERCISE_TAGS & set(tags),
            (tags, exercise))
    long = json.loads(x.export(home, incidents["long"], "misp"))["Event"]
    x.check("a long line is cut between characters in info, and whole in its attribute", 60 < len(long["info"]) <= 256 and
            "\ufffd" not in long["info"] and [a["value"] for a in long["Attribute"] if a["comment"] == "what"] == ["长" * 190], long)


def ocsf(home, incidents):
    found = {k: json.loads(x.export(home, i, "ocsf")) for k, i in incidents.items()}
    x.check("OCSF tells a creation, an update and a close apart", [found[k]["activity_id"] for k in ("new", "rich", "closed")] ==
            [1, 2, 3], found)
    x.check("and its states", [found[k]["status_id"] for k in ("new", "rich", "closed")] == [1, 4, 5])
    x.check("a breach is suspected where data leaves, and not said where nobody can tell", found["new"]["is_suspected_breach"] is True
            and "is_suspected_breach" not in found["outage"], found["outage"])
    x.check("each regime's grade is an enrichment of the finding", {e["data"]["profile"] for e in found["rich"]["enrichments"]} >=
            {"cn-miit", "cn-cac-2025", "eu-nis2"} and all(e["value"] == found["rich"]["finding_info_list"][0]["uid"]
                                                         for e in found["rich"]["enrichments"]))
    x.check("a drill is labelled", found["drill"]["metadata"]["labels"] == ["exercise"] and
            found["new"]["metadata"]["labels"] == ["real"])
    x.check("the verdict of a drill, and of nothing else, is that it is a test",
            [k for k, v in found.items() if v.get("verdict_id") == 6] == ["drill"] and
            [k for k, v in found.items() if "verdict" in v] == ["drill"], found["drill"])


# --- iCalendar ---

def calendar(home, incidents):
    data = x.export(home, incidents["rich"], "icalendar")
    faults, roots = x.read_calendar(data)
    x.check("iCalendar keeps to RFC 5545: CRLF, 75 octets, whole characters, nesting", not faults and len(roots) == 1, faults)
    zh_faults, zh = x.read_calendar(x.export(home, incidents["rich"], "icalendar", "--lang", "zh"))
    x.check("also in Chinese", not zh_faults, zh_faults)
    name, top, events = roots[0]
    x.check("it says what it is", name == "VCALENDAR" and top["VERSION"] == "2.0" and "PRODID" in top, top)
    missing = [p for _, e, _ in events for p in ("UID", "DTSTAMP", "DTSTART", "SUMMARY") if p not in e]
    x.check("each entry has what an entry needs", events and not missing, missing)
    times = [v for _, e, _ in events for k, v in e.items() if k in ("DTSTAMP", "DTSTART", "LAST-MODIFIED")]
    x.check("times are UTC", times and all(re.fullmatch(r"\d{8}T\d{6}Z", t) for t in times), times)
    stamps = [(e["DTSTAMP"], e["LAST-MODIFIED"]) for _, e, _ in events]
    x.check("an entry is stamped with its last revision, as where there is no METHOD", "METHOD" not in top and
            all(a == b for a, b in stamps) and x.export(home, incidents["rich"], "icalendar") == data, stamps)
    texts = [x.calendar_text(e[k]) for _, e, _ in events for k in ("SUMMARY", "DESCRIPTION")]
    x.check("text is escaped", None not in texts and any("(cn-miit, " in t for t in texts), texts)
    uids = [e["UID"] for _, e, _ in events]
    again = x.read_calendar(x.export(home, incidents["rich"], "icalendar"))[1][0][2]
    x.check("UIDs are unique and stay", len(set(uids)) == len(uids) and uids == [e["UID"] for _, e, _ in again] ==
            [e["UID"] for _, e, _ in zh[0][2]])
    before = x.read_calendar(x.export(home, incidents["new"], "icalendar"))[1][0][2]
    x.call(home, "incident", "regrade", incidents["new"], "--set", "outage_minutes=5", "--wait", "0", codes=(0, 7))
    after = x.read_calendar(x.export(home, incidents["new"], "icalendar"))[1][0][2]
    x.check("SEQUENCE grows with the incident's history", after[0][1]["UID"] == before[0][1]["UID"] and
            int(after[0][1]["SEQUENCE"]) > int(before[0][1]["SEQUENCE"]), (before[0], after[0]))
    running = [(e, children) for _, e, children in events if e["TRANSP"] == "OPAQUE"]
    done = [(e, children) for _, e, children in events if e["TRANSP"] == "TRANSPARENT"]
    x.check("an open duty has an alarm before it, one that is done has none", running and done and all(
        len(c) == 1 and c[0][0] == "VALARM" and {"ACTION", "TRIGGER", "DESCRIPTION"} <= set(c[0][1]) and
        re.fullmatch(r"-PT\d+M", c[0][1]["TRIGGER"]) for _, c in running) and not any(c for _, c in done), running)
    ten = [c[0][1]["TRIGGER"] for _, e, c in before if c and "ten minutes" in e["SUMMARY"]]
    x.check("the alarm of a duty of ten minutes is not there before the duty is", ten and ten[0] == "-PT5M", ten)
    drill = x.read_calendar(x.export(home, incidents["drill"], "icalendar"))[1][0][2]
    x.check("a drill's entries say so", all(e["SUMMARY"].startswith("DRILL ") and "EXERCISE" in e["CATEGORIES"] for _, e, _ in drill))


# --- tables and syslog ---

NASTY = {"company": '=HYPERLINK("http://x","a")', "what": "+1+1", "systems": '@SUM(1)"quoted", two\nlines', "scale": "-2+3",
         "action": "＝1+1", "callback": "=cmd|' /C calc'!A0"}


def tables(home, incidents):
    columns = {"company": "Company", "what": "What", "systems": "Systems, data", "scale": "Scale", "action": "Done so far",
               "callback": "Call back"}
    rows = x.read_csv(x.export(home, incidents["nasty"], "csv"))
    x.check("CSV begins with a byte order mark and is read back", rows is not None and len(rows) == 1, rows)
    x.check("every cell that a spreadsheet would calculate is defused in CSV, and nothing is lost",
            [rows[0][columns[k]] for k in NASTY] == ["'" + v for v in NASTY.values()], rows[0])
    calm = x.read_csv(x.export(home, incidents["rich"], "csv"))[0]
    x.check("other cells are as they were given", calm["Company"] == x.PLANTED["company"] and calm["Tier"] == "I" and
            calm["DRILL"] == "" and "eu-nis2" in calm["Grades"], calm)
    zh = x.read_csv(x.export(home, incidents["drill"], "csv", "--lang", "zh"))[0]
    for flag in ([], ["--redact"]):
        bare = x.read_csv(x.export(home, incidents["bare"], "csv", "--lang", "zh", *flag))[0]
        x.check("a company that is unknown or left out is so in the reader's language too",
                bare["单位"] == ("（已隐去）" if flag else "尚不明确"), bare)
    x.check("headings and states are in the reader's language", zh["单位"] == "示例公司" and zh["演练"] == "演练", zh)
    rows, faults, parts = x.read_xlsx(x.export(home, incidents["nasty"], "xlsx"))
    x.check("XLSX is a whole archive of whole XML in which every cell is text", not faults and len(rows) == 1, faults)
    x.check("and its cells are defused as well", [rows[0][columns[k]] for k in NASTY] == ["'" + v for v in NASTY.values()], rows[0])
    x.check("both tables hold the same", x.read_xlsx(x.export(home, incidents["rich"], "xlsx"))[0][0] == calm)
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    x.check("its headings stay on the screen and on every page", "frozen" in sheet and "Print_Titles" in
            parts["xl/workbook.xml"].decode() and "TLP:AMBER" in sheet, sheet[-900:])


def syslog(home, incidents):
    for what in ("rich", "nasty", "drill", "long"):
        message = x.read_syslog(x.export(home, incidents[what], "syslog"))
        x.check(f"the syslog message of the {what} incident keeps to RFC 5424", message is not None and message[1] == "incident",
                x.export(home, incidents[what], "syslog"))
    longest = x.export(home, incidents["long"], "syslog")
    x.check("the longest message is one that a collector should take whole: 2,048 octets (RFC 5424, 6.1)",
            800 < len(longest) <= 2048 and x.read_syslog(longest)[2]["company"] == '"]' * 150, len(longest))
    nasty = x.read_syslog(x.export(home, incidents["nasty"], "syslog"))
    x.check("quotes, brackets and backslashes are escaped and read back", nasty[2]["company"] == NASTY["company"], nasty)
    real, drill = (x.read_syslog(x.export(home, incidents[k], "syslog")) for k in ("rich", "drill"))
    x.check("a drill is a notice, a real incident critical", real[0] % 8 == 2 and drill[0] % 8 == 5 and drill[2]["drill"] == "true")


# --- marking ---

def label_of(form, data):
    """The label that an export is marked with, as its format says it."""
    text = data.decode("utf-8", "replace")
    if form == "json":
        return json.loads(text)["tlp"]
    if form == "stix":
        bundle = json.loads(text)
        marking = next(o for o in bundle["objects"] if o["type"] == "marking-definition")
        marked = all(o.get("object_marking_refs") == [marking["id"]] for o in bundle["objects"] if o is not marking)
        return marking["name"].removeprefix("TLP:") if marked else "not everywhere"
    if form == "misp":
        return next(t["name"] for t in json.loads(text)["Event"]["Tag"] if t["name"].startswith("tlp:"))[4:].upper()
    if form == "ocsf":
        return next(t["value"] for t in json.loads(text)["metadata"]["tags"] if t["name"] == "tlp")
    if form == "csv":
        return x.read_csv(data)[0]["TLP"]
    if form == "icalendar":
        events = x.read_calendar(data)[1][0][2]
        words = {e["CATEGORIES"].split(",")[0].removeprefix("TLP:") for _, e, _ in events}
        secret = {e["CLASS"] for _, e, _ in events}
        return words.pop() if len(words) == 1 and secret == {"PUBLIC" if "CLEAR" in data.decode() else "CONFIDENTIAL"} else secret
    if form == "syslog":
        return x.read_syslog(data)[2]["tlp"]
    if form == "html":
        found = re.findall(r'<p class="tlp"><b class="tlp-([A-Z+]+)">TLP:\1</b>', text)
        return found[0] if len(found) == 4 and len(set(found)) == 1 else found
    if form == "xlsx":
        rows, _, parts = x.read_xlsx(data)
        sheet = parts["xl/worksheets/sheet1.xml"].decode()
        return rows[0]["TLP"] if sheet.count(f"TLP:{rows[0]['TLP']}") == 2 else "not on paper"
    return re.search(r"TLP:([A-Z+]+)", text).group(1)


def marking(home, incidents):
    for form in (*x.TEXTS, "xlsx"):
        found = {want: label_of(form, x.export(home, incidents["rich"], form, "--tlp", want)) for want in x.LABELS}
        x.check(f"{form} is marked with every label of TLP 2.0", all(k == v for k, v in found.items()), found)
        own = label_of(form, x.export(home, incidents["green"], form))
        x.check(f"{form} is marked as the incident is where nobody says otherwise", own == "GREEN", own)
    for form in (*x.TEXTS, *x.PDFS, "xlsx"):
        code, out, err = x.run(home, "incident", "export", incidents["rich"], "--format", form, "--tlp", "PURPLE")
        x.check(f"{form}: a label that there is not is refused by name", code == x.INVALID and out == b"" and "PURPLE" in err,
                (code, out[:80], err))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-exports-", dir="/var/tmp") as base:
        home = x.new_home(base, "home")
        incidents = {"rich": x.rich(home)}
        incidents["bare"] = x.call(home, "incident", "new", "--wait", "0", codes=(x.OK, x.QUEUED))["id"]
        incidents["new"] = x.plain(home)
        incidents["drill"] = x.plain(home, "--drill", "spring")
        incidents["outage"] = x.plain(home, kind="outage")
        incidents["green"] = x.plain(home, "--tlp", "GREEN")
        incidents["long"] = x.plain(home, what="长" * 190, company='"]' * 150)
        incidents["nasty"] = x.plain(home, **NASTY)
        incidents["closed"] = x.plain(home)
        x.call(home, "incident", "mark", incidents["closed"], "handled")
        x.call(home, "incident", "close", incidents["closed"], "--anyway", "--reason", "a false alarm")
        for part in (schemas, stix, misp, ocsf, calendar, tables, syslog, marking):
            part(home, incidents)
    x.finish()


main()
