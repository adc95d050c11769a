#!/usr/bin/env python3
"""The people's part of a drill as people meet it, on a pseudo-terminal and through files, printed as TAP."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile

from terminal import Terminal, cells

PROGRAM = os.environ["TOCSIN"]
RESULTS = []
STEPS = ["recognise", "isolate", "notify-authority", "notify-inside", "classify", "restore"]


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print("\n".join(f"# {line}" for line in str(shown).splitlines()[-60:]))
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


class Place:
    """A home and an arena of their own."""

    def __init__(self, base, name):
        self.home, self.arena = f"{base}/{name}-home", f"{base}/{name}-arena"
        self.words = ["--home", self.home]

    def argv(self, *words, decoys=60, rate=30):
        return [PROGRAM, "drill", "run", "quick", "--arena", self.arena, "--decoys", str(decoys), "--rate", str(rate),
                *self.words, *words]

    def call(self, *words, stdin=subprocess.DEVNULL):
        done = subprocess.run([PROGRAM, *words, *self.words, "--json"], stdin=stdin, capture_output=True, timeout=240)
        try:
            value = json.loads(done.stdout)
        except ValueError:
            value = {"not JSON": done.stdout.decode("utf-8", "replace")}
        return done.returncode, value, done.stderr.decode("utf-8", "replace")

    def result(self):
        rows = self.call("drill", "show")[1].get("drills", [])
        return self.call("drill", "show", rows[0]["id"])[1] if rows else {}


def steps_of(result):
    return {s["id"]: s for s in result.get("people", {}).get("steps", [])}


# --- consent ---

def consent(base):
    place = Place(base, "consent")
    for typed, wanted, what in (("no\n", 9, "no"), ("\n", 9, "an empty line"), ("\x04", 9, "the end of the input"),
                                ("\x03", 130, "Ctrl-C")):
        t = Terminal(place.argv())
        asked = t.shows("Type 'yes':")
        t.type(typed)
        code = t.end()
        check(f"{what} at the question whether to start ends with {wanted}", asked and code == wanted,
              (code, t.screen.all()))
        check(f"and after {what} it is said that nothing was done", "nothing was done" in t.screen.all(), t.screen.all())
    check("nothing was planted by any of these", not os.path.exists(place.arena))
    code, _, err = place.call("drill", "show")
    check("and no drill is listed", code == 0 and place.result() == {}, err)


# --- the questions ---

def begin(place, *words, columns=80, rows=24, env=None, output=None):
    return Terminal(place.argv("--people", "--yes", "--quiet" if "--quiet" in words else "--people", *words), columns,
                    rows, env, output)


def answers(base):
    place = Place(base, "answers")
    with open(f"{base}/answers.json", "wb") as out:
        t = begin(place, "--json", output=out)
        check("the first question stands on the screen", t.shows("Step 1 of 6: Recognise the attack"), t.screen.text())
        check("with its due time and the time that is left", t.shows("Due at ") and "left." in t.screen.text(), t.screen.text())
        t.type("文件名 changed")
        check("what is typed is shown", t.shows("> 文件名 changed"), t.screen.text())
        first = t.screen.text()
        # The attack goes on: the view is drawn anew around the question, many times.
        moved = t.until(lambda t: t.screen.text() != first and "people's steps" in t.screen.text() and
                        t.screen.text().endswith("> 文件名 changed"))
        check("while the attack goes on nothing is drawn over the question", moved and
              t.screen.text().count("> 文件名 changed") == 1 and t.screen.all().count("Step 1 of 6") == 1, t.screen.all())
        t.type("\x7f\x7f" + "\n")
        check("the second question follows", t.shows("Step 2 of 6: Isolate the host"), t.screen.text())
        check("and the first has gone", t.screen.all().count("Step 1 of 6") == 0, t.screen.all())
        t.type("4: pulled the cable\n")
        check("the authority's question names its rule", t.shows("Step 3 of 6: Notify the authority") and
              t.shows("Rule: the programme's rule, profile cn-miit"), t.screen.text())
        check("and is due ten minutes after the attack began, of which most are left", "9:" in t.screen.text() or
              "10:00" in t.screen.text(), t.screen.text())
        t.type("form ready\n")
        t.shows("Step 4 of 6")
        t.type("\n")
        t.shows("Step 5 of 6")
        t.type("grade\x15tier two\n")
        t.shows("Step 6 of 6")
        t.type("\x1b[A\x1b[Dlast night's\n")
        code = t.end()
    check("the answered run ends well", code == 0, (code, t.screen.all()))
    check("only known sequences were used", t.screen.unknown == [], t.screen.unknown)
    result = json.load(open(f"{base}/answers.json"))
    steps = steps_of(result)
    check("each answer is in the result", [steps[i]["answer"] for i in STEPS] ==
          ["文件名 chang", "pulled the cable", "form ready", "", "tier two", "last night's"], steps)
    check("with the role that did it", [steps[i]["by"] for i in STEPS] ==
          ["operator", "system administrator", "security officer", "", "security officer", "system administrator"], steps)
    check("and whether that was the right one", [steps[i]["by_right_role"] for i in STEPS] ==
          [True, False, True, False, True, True], steps)
    check("an empty line is a step that was not done", steps["notify-inside"]["answered"] and
          not steps["notify-inside"]["done"], steps)
    check("people are assessed", result["parts"]["people"]["assessed"], result["parts"])
    place.call("drill", "undo", result["id"])


def interrupted(base):
    place = Place(base, "interrupted")
    t = begin(place)
    t.shows("Step 1 of 6")
    t.shows("people's steps")
    echoed = t.echoes()
    t.type("half an answ")
    t.shows("> half an answ")
    t.type("\x03")
    code = t.end()
    check("Ctrl-C at a question ends the run with 130", code == 130, (code, t.screen.all()))
    check("keys were not echoed twice meanwhile", not echoed)
    result = place.result()
    check("the run is a stopped one, without a grade", result.get("verdict") == "stopped" and result.get("grade") is None, result)
    check("nobody answered", result.get("people", {}).get("assessed") is False, result.get("people"))
    code, u, err = place.call("drill", "undo", result["id"])
    check("undo proves everything after it", code == 0 and u.get("verified") is True, (u, err))


def interrupted_twice(base):
    place = Place(base, "twice")
    t = begin(place)
    t.shows("Step 1 of 6")
    # The second comes before the run has had time to look at the first.
    os.kill(t.process.pid, signal.SIGINT)
    os.kill(t.process.pid, signal.SIGINT)
    t.until(lambda t: t.process.poll() is not None)
    # The terminal outlives the program as long as this end is open; its state can be asked for.
    check("a second Ctrl-C ends at once, or the first had ended the run", t.process.wait() == 130, t.process.returncode)
    check("and the terminal echoes again", t.echoes())
    os.close(t.ours)


# --- screens ---

def fits(t, columns):
    return all(sum(map(cells, line)) <= columns for line in t.screen.all().split("\n"))


def screens(base):
    for language, first, done in (("en", "Step 1 of 6", "Step 2 of 6"), ("zh", "第 1 步", "第 2 步")):
        place = Place(base, f"narrow-{language}")
        t = begin(place, "--lang", language, columns=60, rows=20)
        shown = t.shows(first)
        check(f"the question stands whole on 60 columns and 20 rows ({language})", shown and fits(t, 60) and
              t.screen.text().count("> ") >= 0 and t.screen.row < 20, t.screen.text())
        t.type("x" * 100 + "end")
        check(f"the end of a long answer stays in sight ({language})", t.shows("xxxend"), t.screen.text())
        t.type("\x15y")
        t.shows("> y")
        t.resize(40, 20)
        t.until(lambda t: t.screen.text().count(first) == 1 and "> y" in t.screen.text() and
                max(sum(map(cells, line)) for line in t.screen.text().split("\n")) < 40)
        check(f"a terminal made narrower shows the question once ({language})",
              t.screen.all().count(first) == 1 and fits(t, 60), t.screen.all())
        t.resize(90, 24)
        t.type("z\n")
        check(f"and made wider the next one ({language})", t.shows(done) and t.screen.all().count(first) == 0, t.screen.all())
        t.type("\x03")
        check(f"and then it ends ({language})", t.end() == 130, t.screen.all())
        place.call("drill", "undo", place.result()["id"])


def low(base):
    place = Place(base, "low")
    t = begin(place, columns=50, rows=8)
    check("on a terminal that is too low the line that is typed stays in sight", t.until(
        lambda t: t.screen.text().endswith("> ") or t.screen.text().endswith(">")), t.screen.text())
    t.type("okay")
    check("and shows what is typed", t.shows("okay"), t.screen.text())
    # Ctrl-C throws away what the terminal still holds unread, so it waits for the next question's empty line.
    t.type("\n")
    t.until(lambda t: "okay" not in t.screen.text() and t.screen.text().rstrip().endswith(">"))
    t.type("\x03")
    t.end()
    check("and its answer is taken", steps_of(place.result())["recognise"]["answer"] == "okay", place.result())


def plain(base):
    for name, env in (("dumb", {"TERM": "dumb"}), ("no kind", {"TERM": ""})):
        place = Place(base, name.replace(" ", "-"))
        t = begin(place, env=env)
        check(f"a terminal that is {name} is asked in plain lines", t.shows("Step 1 of 6"), t.screen.text())
        t.type("seen\n")
        check(f"its answer is taken ({name})", t.shows("Step 2 of 6"), t.screen.text())
        t.type("\x03")
        code = t.end()
        check(f"nothing moves the cursor there ({name})", code == 130 and "\x1b" not in t.raw, (code, t.raw[-500:]))
    for env, wanted in (({"NO_COLOR": "1"}, False), ({}, True)):
        place = Place(base, f"colour-{wanted}")
        t = begin(place, env=env)
        t.shows("Step 1 of 6")
        t.type("\x03")
        t.end()
        check(f"colours: {wanted}, with {env}", (re.search("\x1b\\[[0-9;]*m", t.raw) is not None) == wanted, t.raw[-300:])


# --- without a terminal ---

def without_terminal(base):
    place = Place(base, "null")
    code, r, err = place.call(*place.argv("--people", "--yes")[1:])
    check("where nobody can answer the run ends and people are not assessed", code == 0 and
          r.get("parts", {}).get("people", {}).get("assessed") is False, (r, err))
    check("and that is said", "Standard input has ended" in err, err)
    place = Place(base, "pipe")
    done = subprocess.run(place.argv("--people", "--yes", "--json"), input="seen\n2: cut\n\nyes\nno\nbackup 7".encode(),
                          capture_output=True, timeout=240)
    steps = steps_of(json.loads(done.stdout))
    check("lines of a pipe answer one step each, the last without its newline too", done.returncode == 0 and
          [steps[i]["done"] for i in STEPS] == [True, True, False, True, False, True] and
          steps["restore"]["answer"] == "backup 7" and steps["isolate"]["by"] == "duty manager", steps)


# --- the controller's file ---

def files(base):
    place = Place(base, "files")
    path = f"{base}/people.yaml"

    def refused(text, wanted, *says):
        if text is not None:
            open(path, "w", encoding="utf-8").write(text)
        code, answer, err = place.call(*place.argv("--people-file", path, "--yes")[1:])
        check(f"{wanted}: {text if text is not None else 'no file'!r}"[:90], code == wanted and
              all(s in err for s in (path, *says)), (code, answer, err))

    refused(None, 5)
    refused("steps: [", 6)
    refused("steps: [{step: isolate, done: true, after: 95}]", 6, "isolate", "95 s", "steps[0]")
    refused("steps: [{step: isolate, done: true, after: 2099-01-01T00:00:00Z}]", 6, "isolate", "2099-01-01", "later than now")
    refused("steps: [{step: isolate, done: true, after: 2020-01-01T00:00:00Z}]", 6, "isolate", "2020-01-01", "has not begun")
    refused("authority_deadline_minutes: 0", 6, "authority_deadline_minutes")
    check("nothing was planted by any of these", not os.path.exists(place.arena) and place.result() == {})
    open(path, "w", encoding="utf-8").write("authority_deadline_minutes: 60\nauthority_rule: ours, one hour\nsteps:\n")
    done = subprocess.run(place.argv("--people-file", path, "--dry-run"), capture_output=True, timeout=60)
    joined = "".join(done.stdout.decode().replace("│", "").split())
    check("the operations desk's card names file and rule", path in joined and "ours,onehour" in joined, joined)
    done = subprocess.run(place.argv("--dry-run"), capture_output=True, timeout=60)
    check("or that nobody is asked", b"nobody is asked" in done.stdout, done.stdout.decode())


def written_meanwhile(base):
    place = Place(base, "meanwhile")
    path = f"{base}/desk.yaml"
    open(path, "w", encoding="utf-8").write("complete: false\nsteps:\n")
    t = Terminal(place.argv("--people-file", path, "--yes"))
    waits = t.shows("people's steps")
    open(path, "w", encoding="utf-8").write("complete: false\nsteps: [{step: isolate, done: tr")
    check("a file that is half written is said and waited for", waits and t.shows("cannot be read"), t.screen.all())
    open(path, "w", encoding="utf-8").write(
        "complete: true\nsteps:\n  - { step: isolate, done: true, after: 0, by: operator }\n"
        "  - { step: classify, done: true, after: 3000, by: security officer }\n")
    code = t.end()
    check("and read once it is whole", code == 0, (code, t.screen.all()))
    result = place.result()
    steps = steps_of(result)
    check("what was done counts", steps["isolate"]["done"] and steps["isolate"]["by_right_role"], steps)
    check("what lies ahead of now is not answered, and that was said", not steps["classify"]["answered"] and
          "classify is said to be done at" in t.screen.all().replace("\n", ""), (steps["classify"], t.screen.all()))
    place = Place(base, "gone")
    open(path, "w", encoding="utf-8").write("steps:\n")
    t = Terminal(place.argv("--people-file", path, "--yes"))
    t.until(lambda t: os.path.isdir(place.arena))
    os.unlink(path)
    code = t.end()
    people = place.result().get("people", {})
    card = "".join(t.screen.all().replace("│", " ").split())
    check("a file that is gone at the end is on the scorecard", code == 0 and
          "Peoplethecontroller'sfilecouldnotbereadintheend" in card and "desk.yaml" in people.get("problem", "") and
          people.get("assessed") is False, (people, t.screen.all()))


# --- paper ---

def paper(base):
    place = Place(base, "paper")
    code, card, err = place.call("drill", "plan", "--paper-card")
    check("the paper card is JSON where that is asked for", code == 0 and [s["id"] for s in card.get("steps", [])] == STEPS, (card, err))
    check("with role, due time and rule", card["steps"][2]["due_s"] == 600 and "cn-miit" in card["steps"][2]["rule"]["zh"]
          and card["steps"][2]["role"] == "security officer", card["steps"][2])
    path = f"{base}/card.yaml"
    open(path, "w", encoding="utf-8").write(card["template"])
    code, plan, err = place.call("drill", "plan", "quick", "--arena", place.arena, "--people-file", path)
    check("its template is a file that a drill takes as it is", code == 0 and plan["people"]["file"] == path, (plan, err))
    filled = card["template"].replace("#- ", "- ").replace("TIME", "5")
    open(path, "w", encoding="utf-8").write(filled)
    code, plan, err = place.call("drill", "plan", "quick", "--arena", place.arena, "--people-file", path)
    check("and refuses when it is filled in before the drill", code == 6 and "recognise is said to be done 5 s" in err, (plan, err))
    for language in ("en", "zh"):
        done = subprocess.run([PROGRAM, "drill", "plan", "--paper-card", "--lang", language, *place.words],
                              capture_output=True, timeout=60)
        text = done.stdout.decode()
        check(f"the card for paper is at most 76 columns wide and ends with the template ({language})",
              all(sum(map(cells, line)) <= 76 for line in text.split("\n")) and "complete: false\nsteps:\n" in text, text)
    check("no home was made for a card", not os.path.exists(place.home))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-people-", dir="/var/tmp") as base:
        for part in (consent, answers, interrupted, interrupted_twice, screens, low, plain, without_terminal, files,
                     written_meanwhile, paper):
            part(base)
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


sys.exit(main())
