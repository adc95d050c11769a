#!/usr/bin/env python3
"""Every form on paper, read back from the PDF with poppler's tools: labels, page numbers, watermark, fonts, nothing cut off
or set over something else. Printed as TAP."""
import glob
import html
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import exports as x  # noqa: E402
import ink  # noqa: E402

FORMS = sorted(os.path.basename(f)[:-5] for f in glob.glob(f"{x.SOURCE}/rules/forms/*.yaml"))
MAIN = {"en": "en", "zh": "zh-Hans"}
NUMBER = {"en": r"Page (\d+) of (\d+)", "zh": r"第(\d+)页，共(\d+)页"}
MARK = {"en": "DRILL", "zh": "演练"}


def read(program, *words):
    done = subprocess.run([program, *words], capture_output=True, timeout=60, check=True)
    return done.stdout.decode("utf-8", "replace")


def squeezed(text):
    return re.sub(r"\s+", "", text)


class Paper:
    """A PDF: its pages as text without blanks, and as words with their places."""

    def __init__(self, path):
        self.path = path
        self.pages = [squeezed(p) for p in read("pdftotext", "-raw", path, "-").split("\f")[:-1]]
        self.text = "".join(self.pages)
        self.places = []
        for width, height, page in re.findall(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>',
                                              read("pdftotext", "-bbox", path, "-"), re.S):
            words = [(*map(float, w[:4]), html.unescape(w[4])) for w in re.findall(
                r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', page)]
            self.places.append((float(width), float(height), words))

    def fonts_are_inside(self):
        rows = [line.split() for line in read("pdffonts", self.path).splitlines()[2:]]
        return rows and all(row[-5:-2] == ["yes", "yes", "yes"] for row in rows)

    def outside(self):
        """Words that a printer would not print."""
        return [w[4] for width, height, words in self.places for w in words
                if not is_mark(w) and (w[0] < 20 or w[1] < 14 or w[2] > width - 20 or w[3] > height - 14)]

    def overlaps(self):
        """Words set over one another by more than the gap that lines of a paragraph share."""
        found = []
        for _, _, words in self.places:
            words = sorted((w for w in words if not is_mark(w)), key=lambda w: w[1])
            for k, a in enumerate(words):
                for b in words[k + 1:]:
                    if b[1] >= a[3]:
                        break
                    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - b[1]
                    if wide > 1 and high > 0.35 * min(a[3] - a[1], b[3] - b[1]):
                        found.append((a[4], b[4]))
        return found

    def marked(self):
        """The characters of the watermark on each page, sorted: as they run uphill, no reader has them in order."""
        return [sorted("".join(w[4] for w in words if is_mark(w))) for _, _, words in self.places]


def is_mark(word):
    """Set across the page, so that its box is far higher than a line."""
    return word[3] - word[1] > 60


def labels(page, lang):
    half = page.split(f'<main lang="{MAIN[lang]}">', 1)[1].split("</main>", 1)[0]
    found = re.findall(r'<th scope="row"[^>]*>(.*?)</th>', half, re.S)
    return [squeezed(html.unescape(re.sub(r"<[^>]*>", "", t))) for t in found]


def faults_of(paper, page, lang, drill):
    faults = [f"without {label}" for label in labels(page, lang) if label not in paper.text]
    n = len(paper.pages)
    for k, text in enumerate(paper.pages, 1):
        if re.findall(squeezed(NUMBER[lang]), text) != [(str(k), str(n))]:
            faults.append(f"page {k} of {n} has no such number")
        if text.count("TLP:AMBER") != 2:
            faults.append(f"page {k} is not marked above and below")
    wanted = sorted(MARK[lang]) if drill else []
    if any(mark != wanted for mark in paper.marked()):
        faults.append(f"watermarks {paper.marked()}")
    if not paper.fonts_are_inside():
        faults.append("a font is missing in the file")
    faults += [f"at the border: {w}" for w in paper.outside()]
    faults += [f"{a} is set over {b}" for a, b in paper.overlaps()]
    return faults


def write_paper(home, incident, form, lang, fields=None, stage="written"):
    words = ["incident", "report", incident, "--show", "--stage", stage, "--form", form, "--lang", lang,
             "--pdf", f"{home}/paper.pdf", "--html", f"{home}/paper.html"]
    if fields is not None:
        words += ["--file", x.write(f"{home}/fields.json", fields)]
    code, _, err = x.run(home, *words)
    if code != x.OK:
        sys.exit(f"{form} {lang} ended with {code}: {err}")
    with open(f"{home}/paper.html", encoding="utf-8") as f:
        return Paper(f"{home}/paper.pdf"), f.read()


def every_form(home, incidents):
    for form in FORMS:
        faults = []
        for what, incident in incidents.items():
            for lang in ("zh", "en"):
                paper, page = write_paper(home, incident, form, lang)
                if not labels(page, lang):
                    faults.append(f"{what} {lang}: no label at all")
                faults += [f"{what} {lang}: {f}" for f in faults_of(paper, page, lang, what == "drill")]
        x.check(f"{form} is whole on paper in both languages, for a drill with its watermark on each page", not faults,
                "\n".join(faults))


def loose_sheets(home, incident):
    """A sheet that got loose is put back by its number and stage, which the foot shows whole."""
    for lang, stage in (("en", "Writtenreport"), ("zh", "书面报告")):
        paper, _ = write_paper(home, incident, "miit-incident-report", lang)
        feet = ["".join(w[4] for w in words if w[1] > height - 60) for _, height, words in paper.places]
        x.check(f"the foot of each sheet has the number and the stage whole ({lang})",
                len(feet) > 1 and all(re.search(r"[0-9]{4}-[0-9]{4}·" + stage, f) for f in feet), feet)


def heads_of_tables(home, incident):
    """A table that goes on overleaf goes on under its head."""
    x.call(home, "incident", "export", incident, "--format", "dossier", "--lang", "en", "--out", f"{home}/long.pdf")
    clocks = [p for p in Paper(f"{home}/long.pdf").pages if "(company)→" in p]
    x.check("a table of clocks that goes on overleaf has its head on each page",
            len(clocks) > 1 and all("DutyDueState" in p.split("(company)→")[0] for p in clocks),
            [p[:200] for p in clocks])


# --- what is long, what no font has, what a font loses ---

def lines(zh):
    return "\n".join(f"[{k:03}] {'日志核对' if zh else 'log checked'}" for k in range(1, 201))


def measures(zh):
    return [f"<{k:02}> " + ("隔离受影响的服务器并重置全部域管理员口令，" * 3 if zh else
                            "the servers are isolated and each password of a domain administrator is set anew, " * 2)
            for k in range(64)]


def long_texts(home, incident):
    for lang in ("zh", "en"):
        fields = {"event.cause": lines(lang == "zh"), "advice": measures(lang == "zh"),
                  "impact.scope": "https://example.org/" + "a-very-long-path/" * 30 + "end-of-it"}
        paper, page = write_paper(home, incident, "miit-incident-report", lang, fields)
        wanted = [f"[{k:03}]" for k in range(1, 201)] + [f"<{k:02}>" for k in range(64)] + ["end-of-it"]
        lost = [w for w in wanted if w not in paper.text]
        x.check(f"a text of 200 lines, 64 measures and a line without a blank are whole on paper ({lang})",
                not lost and len(paper.pages) > 4, (lost, len(paper.pages)))
        x.check(f"and set within the page, over nothing ({lang})", not faults_of(paper, page, lang, False),
                faults_of(paper, page, lang, False))


def unknown_glyph(home, incident):
    paper, _ = write_paper(home, incident, "miit-incident-report", "zh", {"event.cause": "钓鱼\U0010fffd邮件，已确认"})
    x.check("of a text with a character that no font has, that character alone becomes a question mark",
            "钓鱼?邮件，已确认" in paper.text, paper.text[-2000:])


def lost_outlines(home):
    """Characters whose outlines cairo 1.16 loses from some faces, in the bold and in the plain: decision 0081."""
    incident = x.plain(home, "--company", "如皋瘃忉机械")
    for form in ("pdf", "dossier", "receipt"):
        for lang in ("zh", "en"):
            path = f"{home}/ink.pdf"
            with open(path, "wb") as f:
                f.write(x.export(home, incident, form, "--lang", lang))
            n, blank = ink.look_at(path)
            x.check(f"each ideograph of the {form} has ink on its page ({lang})", n >= 6 and blank == [], (n, blank))


def documents(home, incidents):
    for what, incident in incidents.items():
        for form in ("pdf", "dossier", "receipt"):
            for lang in ("zh", "en"):
                path = f"{home}/document.pdf"
                with open(path, "wb") as f:
                    f.write(x.export(home, incident, form, "--lang", lang))
                paper = Paper(path)
                marks = [m for m in paper.marked() if m != (sorted(MARK[lang]) if what == "drill" else [])]
                faults = paper.outside() + paper.overlaps() + marks + ([] if paper.fonts_are_inside() else ["fonts"])
                x.check(f"the {form} of a {what} incident has nothing cut off, over another, or unmarked ({lang})",
                        paper.pages and not faults, faults)


def main():
    missing = [p for p in ("pdftotext", "pdffonts", "pdftoppm") if not x.has(p)]
    if missing:
        x.skip("forms on paper", f"needs poppler-utils ({', '.join(missing)})")
        x.finish()
    with tempfile.TemporaryDirectory() as base:
        home = x.new_home(base, "home")
        incidents = {"real": x.plain(home), "drill": x.plain(home, "--drill", "spring-2026")}
        every_form(home, incidents)
        loose_sheets(home, incidents["real"])
        heads_of_tables(home, incidents["real"])
        long_texts(home, incidents["real"])
        unknown_glyph(home, incidents["real"])
        lost_outlines(home)
        rich_home = x.new_home(base, "rich")
        documents(rich_home, {"real": x.rich(rich_home)})
        drill_home = x.new_home(base, "drill")
        documents(drill_home, {"drill": x.rich(drill_home, "--drill", "spring-2026")})
    x.finish()


main()
