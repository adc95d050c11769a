#!/usr/bin/env python3
"""A drill as scripts call it: every field and exit code of the contract, printed as TAP."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from program import for_plain_user

PROGRAM = os.environ["TOCSIN"]
DENIED = 4  # the exit code
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(holds)
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def call(home, *words, env=None, timeout=240):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=timeout, env={**os.environ, **(env or {})})
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {"not JSON": done.stdout.decode("utf-8", "replace")}
    return done.returncode, value, done.stderr.decode("utf-8", "replace")


def tree(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*"))


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in pathlib.Path(folder).rglob("*") if p.is_file()}


def with_backup(base, home):
    """Planted ahead, backed up by a script, then run with the script's restore."""
    arena, backup = f"{base}/arena", f"{base}/backup"
    code, planted, err = call(home, "drill", "plant", "quick", "--decoys", "60", "--arena", arena)
    check("plant makes a generation", code == 0 and planted.get("generation") == 1, (planted, err))
    before = contents(arena)
    subprocess.run(["cp", "-a", arena, backup], check=True)
    code, r, err = call(home, "drill", "run", "quick", "--arena", arena, "--rate", "unlimited", "--yes",
                        "--restore", f"cp -a {backup}/. {{arena}}", "--out", f"{base}/reports")
    wanted = {"id", "score", "coverage", "grade", "parts", "files_planted", "files_changed", "files_lost",
              "files_destroyed_for_restore", "stop_latency_ms", "outside_changes", "verdict", "report", "record"}
    check("run answers with every field of the contract", code == 0 and wanted <= set(r), (r, err))
    check("every decoy was changed and none lost in the restore",
          r.get("files_changed") == r.get("files_planted") and r.get("files_destroyed_for_restore", 0) >= 8, r)
    check("coverage is the assessed weight: 55 with a restore and no RPO", r.get("coverage") == 55, r)
    check("nothing outside changed", r.get("outside_changes") == 0, r)
    check("the four reports are there and none is empty",
          all(os.path.getsize(r["report"][k]) > 1000 for k in ("html", "json", "pdf", "navigator")), r)
    check("the PDF is one", open(r["report"]["pdf"], "rb").read(5) == b"%PDF-", r)
    lines = [json.loads(line) for line in open(r["record"], encoding="utf-8")]
    scored = [line["data"]["result_sha256"] for line in lines if line.get("event") == "scored"]
    written = hashlib.sha256(open(r["report"]["json"], "rb").read()).hexdigest()
    check("report.json is the result whose hash is in the signed record", scored == [written], (scored, written))
    stored = json.load(open(r["report"]["json"], encoding="utf-8"))
    check("what is stored claims nothing about report paths", "report" not in stored and stored["score"] == r["score"], stored)
    why = stored["parts"]["damage"]["why"]
    check("the facts behind a rating are stored in both languages", "decoys" in why["en"] and "诱饵文件" in why["zh"], why)
    code, again, _ = call(home, "drill", "show", r["id"])
    check("show gives the same result", code == 0 and again["score"] == r["score"], again)
    code, v, _ = call(home, "drill", "verify", r["record"])
    check("the record is valid", code == 0 and v == {**v, "valid": True}, v)
    changed = f"{base}/changed.jsonl"
    lines = open(r["record"], "rb").read().split(b"\n")
    lines[2] = lines[2].replace(b"1", b"2", 1)
    open(changed, "wb").write(b"\n".join(lines))
    code, v, _ = call(home, "drill", "verify", changed)
    check("the first altered line is named", code == 1 and v.get("valid") is False and v.get("first_bad_line") == 3, v)
    code, v, _ = call(f"{base}/other-home", "drill", "verify", r["record"])
    check("an unknown signer is not valid", code == 1 and v.get("valid") is False, v)
    code, u, err = call(home, "drill", "undo", r["id"])
    check("undo proves everything", code == 0 and u.get("verified") is True and u.get("removed", 0) > 60, (u, err))
    check("the arena is gone", not os.path.exists(arena), tree(arena) if os.path.exists(arena) else "")
    code, u, _ = call(home, "drill", "undo", r["id"])
    check("a second undo finds nothing to do", code == 0 and u["restored"] == 0 and u["removed"] == 0, u)
    check("the backup was never touched", contents(backup) == before, "")


def undo_after_attack(base, home):
    arena = f"{base}/arena2"
    code, planted, err = call(home, "drill", "plant", "quick", "--decoys", "40", "--arena", arena)
    before = contents(arena)
    code, r, err = call(home, "drill", "run", "quick", "--arena", arena, "--rate", "unlimited", "--yes")
    check("a run without restore covers 40", code == 0 and r.get("coverage") == 40 and r.get("grade") is None, (r, err))
    check("the decoys are changed on disk", contents(arena) != before, "")
    code, u, err = call(home, "drill", "undo", r["id"])
    check("undo restores each changed decoy", code == 0 and u.get("restored") == r["files_changed"], (u, err))


def reports_that_cannot_be_written(base):
    """A run that has a result answers with it, whatever became of its reports."""
    home, arena = f"{base}/full-home", f"{base}/arena8"
    code, planted, err = call(home, "drill", "plant", "quick", "--decoys", "20", "--arena", arena)
    check("plant before a run without reports", code == 0, err)
    os.makedirs(f"{home}/drills/{planted['id']}/report.html/in-the-way")
    code, r, err = call(home, "drill", "run", "quick", "--arena", arena, "--rate", "unlimited", "--yes")
    check("a run whose reports cannot be written is done in part", code == 3, (code, r, err))
    check("and answers with id, score and record",
          r.get("id") == planted["id"] and r.get("score") is not None and os.path.exists(r.get("record", "")), (r, err))
    check("and names no report", r.get("report") == {"html": None, "json": None, "pdf": None, "navigator": None}, r.get("report"))
    check("and says why, and how to undo", "report.html" in err and f"drill undo {planted['id']}" in err, err)
    code, plan, err = call(home, "drill", "plan", "quick", "--decoys", "20", "--arena", arena)
    check("a plan is shown while an undone drill lies in its arena, and names it",
          code == 0 and plan.get("blocked_by") == planted["id"] and plan["budget"]["files"] >= 20, (code, plan, err))
    code, _, err = call(home, "drill", "run", "quick", "--decoys", "20", "--arena", arena, "--yes")
    check("a run there is refused", code == 5, (code, err))
    code, said, err = call(home, "drill", "plan", "quikc", "--arena", arena)
    check("a scenario that is none is told first", code != 0 and "quikc" in json.dumps(said) + err, (code, said, err))
    card = subprocess.run([PROGRAM, "drill", "run", "quick", "--dry-run", "--arena", f"{arena}-b", "--home", home],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False).stdout.decode()
    check("the card says who allowed the drill and its scope as the record will",
          f"uid {os.getuid()}" in card and f"decoys in {arena}-b" in card, card)
    code, u, err = call(home, "drill", "undo", planted["id"])
    check("which works", code == 0 and u.get("verified") is True, (u, err))


def without_database(base):
    """Undo and stop need the drill's folder, and go on where the database is damaged, gone, or no database at all."""
    home, arena, database = f"{base}/no-db-home", f"{base}/arena7", f"{base}/no-db-home/tocsin.db"
    for name, spoil in (("damaged", lambda: open(database, "wb").write(os.urandom(9000))),
                        ("gone", lambda: os.unlink(database)),
                        ("empty", lambda: open(database, "wb").write(b"")),
                        ("a folder", lambda: (os.unlink(database), os.mkdir(database)))):
        code, r, err = call(home, "drill", "run", "quick", "--decoys", "20", "--arena", arena, "--rate", "unlimited", "--yes")
        check(f"a drill runs before its database is {name}", code == 0, (code, r, err))
        for log in ("-wal", "-shm"):
            pathlib.Path(database + log).unlink(missing_ok=True)
        spoil()
        code, stopped, err = call(home, "drill", "stop", r["id"])
        check(f"stop, where the database is {name}, knows that the drill is not running",
              code == 5 and "is not running" in json.dumps(stopped) + err, (code, stopped, err))
        code, u, err = call(home, "drill", "undo", r["id"])
        check(f"undo, where the database is {name}, proves and removes everything",
              code == 0 and u.get("verified") is True and u.get("left") == 0 and not os.path.exists(arena), (code, u, err))
        check(f"undo says what it goes without, where the database is {name}",
              ("without the database" in err) == (name in ("damaged", "a folder")), err)
        code, u, err = call(home, "drill", "undo", r["id"])
        check(f"a second undo, where the database is {name}, finds nothing to do", code == 0 and u.get("removed") == 0, (code, u, err))
        os.rmdir(database) if os.path.isdir(database) else pathlib.Path(database).unlink(missing_ok=True)


def looks_make_nothing(base):
    """Who only looks makes nothing in a state folder, his own or another's."""
    home = f"{base}/looked-at"
    os.mkdir(home, 0o700)
    code, shown, err = call(home, "drill", "show")
    check("show in a state folder without a database has an empty list", code == 0 and shown == {"drills": []}, (code, shown, err))
    check("and makes none", os.listdir(home) == [], os.listdir(home))
    if os.geteuid() != 0:
        return
    os.chmod(base, 0o755)
    os.chmod(home, 0o755)
    done = subprocess.run([for_plain_user(base), "drill", "show", "--home", home, "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, cwd="/", user=4711, group=4711, extra_groups=[], check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    check("in a state folder of another's nobody speaks of making a database", "make" not in said, said)
    check("and it is refused, or shown without a change", done.returncode in (0, DENIED) and os.listdir(home) == [], said)
    os.chmod(base, 0o700)
    os.rmdir(home)


def card(home, language, drill):
    done = subprocess.run([PROGRAM, "--home", home, "--lang", language, "drill", "show", drill], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    return done.stdout.decode("utf-8", "replace")


def wait_until(holds, process):
    for _ in range(2400):
        if process.poll() is not None:
            return None
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    return None


def controls(base):
    """The benign twin: no score; false alarms for each channel; and what later drills pay for it."""
    home, arena, log = f"{base}/control-home", f"{base}/arena6", f"{base}/edr.log"
    words = ["drill", "run", "benign-twin", "--decoys", "40", "--yes", "--arena", arena]
    open(log, "w", encoding="utf-8").close()
    code, deaf, err = call(home, *words, "--rate", "unlimited")
    check("a control run has null for score and grade", code == 0 and deaf.get("score", 0) is None and deaf["grade"] is None,
          (deaf, err))
    check("a control run has no Navigator layer and three other reports",
          deaf["report"]["navigator"] is None and all(deaf["report"][k] for k in ("html", "json", "pdf")), deaf["report"])
    shown = card(home, "en", deaf["id"])
    check("without a channel its card says that nothing was measured", "nothing was measured" in shown and "--channel" in shown,
          shown)
    shown = card(home, "zh", deaf["id"])
    check("and so in Chinese", "没有测量到任何结果" in shown, shown)
    call(home, "drill", "undo", deaf["id"])
    process = subprocess.Popen([PROGRAM, *words, "--rate", "5", "--channel", f"file:{log}:ransom", "--channel",
                                f"file,kind=logged:{log}:zip", "--home", home, "--json"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # An alert counts from then on, until seconds after the last program.
    wait_until(lambda: any('"twin-started"' in p.read_text(encoding="utf-8") for p in pathlib.Path(home).glob(
        "drills/*/evidence.jsonl") if p.parent.name != deaf["id"]), process)
    with open(log, "a", encoding="utf-8") as f:
        f.write("ransom: zip writes much\n")
    out, err2 = process.communicate(timeout=120)
    heard = json.loads(out)
    channels = [(c["alerts"], c["false_alarms"]) for c in heard["attack"]["channels"]]
    check("alerts and false alarms are counted for each channel", channels == [(1, 1), (1, 0)], (heard["attack"], err2))
    shown = card(home, "en", heard["id"])
    check("its card has both counts", "alerts 2, false alarms 1" in shown, shown)
    call(home, "drill", "undo", heard["id"])
    code, r, err = call(home, "drill", "run", "quick", "--decoys", "20", "--rate", "unlimited", "--yes", "--arena", arena)
    check("the next drill pays for them and says when they were measured",
          r.get("false_alarms") == 1 and r.get("control_at") is not None and r.get("early_alerts") == 0, (r, err))
    call(home, "drill", "undo", r["id"])
    code, rows, _ = call(home, "drill", "show")
    check("a list has null where there is no score", [d["score"] is None for d in rows["drills"]] == [False, True, True] and
          [d["false_alarms"] for d in rows["drills"]] == [None, 1, None], rows)
    shutil.rmtree(home)
    os.unlink(log)


def stopped(base, home):
    process = subprocess.Popen([PROGRAM, "drill", "run", "quick", "--arena", f"{base}/arena3", "--decoys", "400",
                                "--rate", "10", "--yes", "--home", home, "--json"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    drill = None
    for _ in range(300):
        time.sleep(0.1)
        code, rows, _ = call(home, "drill", "show")
        running = [d["id"] for d in rows.get("drills", []) if d["state"] == "running"]
        attacked = list(pathlib.Path(base, "arena3").rglob("*.locked")) if os.path.isdir(f"{base}/arena3") else []
        if running and attacked:
            drill = running[0]
            break
    check("a running drill is listed as running", drill is not None, rows)
    code, answer, err = call(home, "drill", "stop", drill or "none")
    changed = len(list(pathlib.Path(base, "arena3").rglob("*.locked")))
    out, err2 = process.communicate(timeout=120)
    r = json.loads(out)
    check("stop ends the run with exit 9", process.returncode == 9 and code == 0, (process.returncode, err2))
    # By the attack's own work, ten files a second: a clock would measure the host too.
    check("within a second, and the latency is measured", r.get("stop_latency_ms", -1) >= 0 and
          0 < r.get("files_changed", -1) <= changed + 12, (r.get("stop_latency_ms"), r.get("files_changed"), changed))
    check("the verdict is stopped", r.get("verdict") == "stopped", r.get("verdict"))
    code, _, _ = call(home, "drill", "stop", drill or "none")
    check("stopping what does not run is a conflict", code == 5, code)
    code, u, err = call(home, "drill", "undo", drill or "none")
    check("undo after a stop proves everything", code == 0 and u.get("verified") is True, (u, err))


def contained_then_stopped(base, home):
    """The attack is ended by its enemy, the people's steps by 'drill stop': the result says both."""
    answers = f"{base}/answers.yaml"
    pathlib.Path(answers).write_text("complete: false\nsteps:\n")
    process = subprocess.Popen([PROGRAM, "drill", "run", "quick", "--arena", f"{base}/arena9", "--decoys", "100",
                                "--rate", "10", "--yes", "--home", home, "--json", "--people-file", answers],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def emulator():
        found = subprocess.run(["pgrep", "-x", "tocsin-emulator", "-P", str(process.pid)], check=False,
                               capture_output=True, text=True).stdout.split()
        changed = list(pathlib.Path(base, "arena9").rglob("*.locked")) if found else []
        return found and changed and int(found[0])

    def running():
        code, rows, _ = call(home, "drill", "show")
        return next((d["id"] for d in rows.get("drills", []) if d["state"] == "running"), None)

    pid = wait_until(emulator, process)
    if pid:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), process)
    code, answer, err = call(home, "drill", "stop", running() or "none")
    out, err2 = process.communicate(timeout=120)
    r = json.loads(out)
    check("a stop after the attack ends the run with exit 9, contained or not",
          code == 0 and process.returncode == 9, (code, err, process.returncode, err2))
    check("the verdict is the attack's, the stop stands beside it, and there is no grade",
          r.get("verdict") == "contained" and r.get("stopped", {}).get("by") == "stop-file"
          and r["stopped"]["during"] in ("listening", "assessment", "people") and r.get("grade") is None
          and r["parts"]["contain"]["rating"] != "U", (r.get("verdict"), r.get("stopped"), r.get("parts")))
    code, shown, _ = call(home, "drill", "show", r["id"])
    check("and is shown again", code == 0 and shown.get("stopped") == r.get("stopped"), shown.get("stopped"))
    call(home, "drill", "undo", r["id"])
    os.unlink(answers)


def bad_scenarios(base):
    """A file that is no scenario is named, and hides no other."""
    home = f"{base}/bad-home"
    os.makedirs(f"{home}/scenarios", mode=0o700)
    os.chmod(home, 0o700)
    pathlib.Path(f"{home}/scenarios/half.yaml").write_text("id: half\nversion: 1\n")
    code, listed, err = call(home, "drill", "list")
    refused = listed.get("refused", [])
    check("a bad scenario is listed with file, place and reason, and the list is done in part",
          code == 3 and len(listed.get("scenarios", [])) == 24 and refused == [
              {"id": "half", "file": f"{home}/scenarios/half.yaml", "reason": "kind: missing"}]
          and f"{home}/scenarios/half.yaml: kind: missing" in err, (code, refused, err))
    code, r, err = call(home, "drill", "run", "quick", "--decoys", "10", "--rate", "unlimited", "--yes", "--arena",
                        f"{base}/arena10")
    check("a good one runs all the same", code == 0 and r.get("verdict") == "completed", (code, r, err))
    call(home, "drill", "undo", r.get("id", "none"))
    code, r, err = call(home, "drill", "run", "half", "--yes", "--arena", f"{base}/arena10")
    check("the bad one is refused with the same words", code == 6 and "half.yaml: kind: missing" in err, (code, err))
    shutil.rmtree(home)


def killed(base, home):
    process = subprocess.Popen([PROGRAM, "drill", "run", "quick", "--arena", f"{base}/arena4", "--decoys", "400",
                                "--rate", "20", "--yes", "--home", home, "--json"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        time.sleep(0.1)
        if os.path.isdir(f"{base}/arena4") and len(list(pathlib.Path(base, "arena4").rglob("*.locked"))) > 10:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    code, rows, _ = call(home, "drill", "show")
    dead = [d["id"] for d in rows.get("drills", []) if d["state"] == "interrupted"]
    check("a killed drill is listed as interrupted", len(dead) == 1, rows)
    code, shown, err = call(home, "drill", "show", dead[0] if dead else "none")
    check("showing it names the way out", code == 5 and dead and f"tocsin drill undo {dead[0]}" in err, (code, shown, err))
    code, u, err = call(home, "drill", "undo", dead[0] if dead else "none")
    check("undo after kill -9 proves everything", code == 0 and u.get("verified") is True and u["restored"] > 0, (u, err))
    check("and nothing is left of the arena", not os.path.exists(f"{base}/arena4"), "")


def in_hands_of_others(base):
    """Where somebody else could write in the home or exchange it, nothing is made or given away."""
    victim = f"{base}/victim"
    os.mkdir(victim, 0o755)
    was = os.stat(victim)
    os.mkdir(f"{base}/wide", 0o777)
    os.chmod(f"{base}/wide", 0o777)
    os.symlink("wide", f"{base}/to-wide")
    homes = ["wide", "wide/below", "to-wide", "to-wide/below"]
    if os.geteuid() == 0:
        os.mkdir(f"{base}/foreign", 0o755)
        os.chown(f"{base}/foreign", 4711, 4711)
        os.mkdir(f"{base}/sticky")
        os.chmod(f"{base}/sticky", 0o1777)
        os.symlink(victim, f"{base}/sticky/link")
        os.lchown(f"{base}/sticky/link", 4711, 4711)
        homes += ["foreign", "foreign/below", "sticky/link", "sticky/link/below"]
    for home in homes:
        for words in (["plan"], ["plant"], ["run", "quick", "--yes", "--dry-run"]):
            if words == ["plan"] and not os.path.isdir(f"{base}/{home}"):
                continue
            code, answer, err = call(f"{base}/{home}", "drill", *words, "--arena", f"{base}/arena5")
            check(f"drill {words[0]} is denied with the home '{home}'",
                  code == DENIED and base in err, (code, answer, err))
    os.mkdir(f"{base}/own-home", 0o700)
    for out in homes:
        code, answer, err = call(f"{base}/own-home", "drill", "run", "quick", "--yes", "--decoys", "20",
                                 "--arena", f"{base}/arena5", "--out", f"{base}/{out}")
        check(f"reports are not written to '{out}'", code == DENIED and base in err, (code, answer, err))
    for arena in (f"{base}/wide/arena", f"{base}/to-wide/arena"):
        code, answer, err = call(f"{base}/own-home", "drill", "plant", "quick", "--decoys", "20", "--arena", arena)
        check(f"nothing is planted in {os.path.relpath(arena, base)}", code == DENIED and base in err, (code, answer, err))
    check("no drill began", not os.path.exists(f"{base}/arena5"), "")
    now = os.stat(victim)
    check("what a link names is as it was", (now.st_uid, now.st_mode, os.listdir(victim)) == (was.st_uid, was.st_mode, []), now)
    for name in ("wide", "foreign"):
        check(f"nothing was made in '{name}'", name not in os.listdir(base) or os.listdir(f"{base}/{name}") == [], "")
    code, answer, err = call(f"{base}/wide/.././own-home//", "drill", "show")
    check("dots in the home's path are no reason to refuse it", code == 0, (code, answer, err))
    if os.geteuid() == 0:
        os.unlink(f"{base}/sticky/link")
        os.rmdir(f"{base}/sticky")
    for name in ("wide", "foreign", "victim"):
        if os.path.isdir(f"{base}/{name}"):
            os.rmdir(f"{base}/{name}")
    os.unlink(f"{base}/to-wide")


def through_own_links(base):
    """A link that nobody else made or could turn is followed, once: what is named afterwards is its end."""
    os.mkdir(f"{base}/real", 0o700)
    os.symlink("real", f"{base}/link")
    code, answer, err = call(f"{base}/link/home", "drill", "plan", "quick", "--decoys", "20", "--arena", f"{base}/link/arena6")
    check("the plan names the folder and not the link", code == 0 and answer.get("arena") == f"{base}/real/arena6",
          (code, answer, err))
    code, r, err = call(f"{base}/link/home", "drill", "run", "quick", "--decoys", "20", "--arena", f"{base}/link/arena6",
                        "--rate", "unlimited", "--yes", "--out", f"{base}/link/reports")
    check("home, arena and reports lie where the link leads", code == 0
          and r["report"]["html"] == f"{base}/real/reports/report.html" and r["record"].startswith(f"{base}/real/home/"),
          (code, r, err))
    os.symlink("arena6", f"{base}/real/last")
    code, answer, err = call(f"{base}/link/home", "drill", "plan", "--arena", f"{base}/real/last")
    check("an arena that is a link itself is refused", code == DENIED and "real/last" in err, (code, answer, err))
    code, u, err = call(f"{base}/link/home", "drill", "undo", r.get("id", "none"))
    check("and undo finds it all", code == 0 and u.get("verified") is True, (u, err))
    shutil.rmtree(f"{base}/real")
    os.unlink(f"{base}/link")


def reports_for_another(base):
    """Root leaves reports in an account's folder with that account's rights, so that a trap in it reaches no further."""
    if os.geteuid() != 0:
        return
    theirs, roots = f"{base}/theirs", f"{base}/roots"
    os.chmod(base, 0o755)
    os.mkdir(theirs, 0o700)
    os.chown(theirs, 1, 1)  # daemon, an account everywhere
    os.mkdir(roots, 0o755)
    words = ["drill", "run", "quick", "--decoys", "20", "--rate", "unlimited", "--yes"]
    code, r, err = call(f"{base}/own-home", *words, "--arena", f"{base}/arena7", "--out", f"{theirs}/report")
    owners = {os.stat(f"{theirs}/report/{n}").st_uid for n in os.listdir(f"{theirs}/report")} if code == 0 else {}
    check("the reports are the account's", code == 0 and owners == {1}, (code, owners, r, err))
    call(f"{base}/own-home", "drill", "undo", r.get("id", "none"))
    os.symlink(roots, f"{theirs}/trap")
    code, answer, err = call(f"{base}/own-home", *words, "--arena", f"{base}/arena7", "--out", f"{theirs}/trap")
    check("a trap that leads to root's folder is refused", code == DENIED and os.listdir(roots) == [], (code, answer, err))
    for what, home, arena in (("state", f"{theirs}/x", f"{base}/arena7"), ("decoys", f"{base}/own-home", f"{theirs}/x")):
        code, answer, err = call(home, *words, "--arena", arena)
        check(f"root keeps no {what} there", code == DENIED and "uid 1" in err, (code, answer, err))
    check("nothing was planted", not os.path.exists(f"{base}/arena7"), "")
    shutil.rmtree(theirs)
    os.rmdir(roots)
    os.chmod(base, 0o700)


def reports_astray(base):
    """A folder for reports that goes bad during the drill costs the place, not the result."""
    out = f"{base}/gone"
    os.mkdir(out, 0o700)
    backup = f"sh -c 'rmdir {out} && touch {out}'"
    code, r, err = call(f"{base}/own-home", "drill", "run", "quick", "--decoys", "20", "--rate", "unlimited", "--yes",
                        "--arena", f"{base}/arena8", "--out", out, "--backup", backup)
    check("the reports go to the drill's own folder, and the exit code says in part",
          code == 3 and r.get("report", {}).get("html", "").startswith(f"{base}/own-home/drills/")
          and os.path.exists(r["report"]["html"]) and out in err, (code, r, err))
    call(f"{base}/own-home", "drill", "undo", r.get("id", "none"))
    os.unlink(out)


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-drill-", dir="/var/tmp") as base:
        home = f"{base}/home"
        with_backup(base, home)
        undo_after_attack(base, home)
        without_database(base)
        reports_that_cannot_be_written(base)
        looks_make_nothing(base)
        stopped(base, home)
        contained_then_stopped(base, home)
        bad_scenarios(base)
        killed(base, home)
        controls(base)
        in_hands_of_others(base)
        through_own_links(base)
        reports_for_another(base)
        reports_astray(base)
        left = [n for n in os.listdir(base) if n not in ("home", "own-home", "no-db-home", "full-home", "looked-at", "other-home", "backup", "reports", "changed.jsonl",
                                                         "tocsin")]
        check("nothing is left beside the home", left == [], left)
    print(f"1..{len(RESULTS)}")
    return 0 if all(RESULTS) else 1


sys.exit(main())
