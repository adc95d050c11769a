#!/usr/bin/env python3
"""Where the decoys lie: asked once at a terminal, kept, told where nobody is there to ask. Printed as TAP."""
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

PROGRAM = os.environ["TOCSIN"]
n = n_failed = 0
QUESTION = "Where should the decoys lie"


def check(name, holds, shown=""):
    global n, n_failed
    n += 1
    n_failed += not holds
    if not holds:
        print(f"# {shown!r}"[:1800])
    print(f"{'ok' if holds else 'not ok'} {n} - {name}", flush=True)


def at_terminal(home, words, talk):
    """talk: (what must stand on the screen next, what is then typed; None: end of input). Screen and exit code."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(HOME=os.path.dirname(home), TERM="xterm")
        os.execv(PROGRAM, [PROGRAM, *words, "--home", home, "--lang", "en"])
    screen, seen, talk, until = "", 0, list(talk), time.monotonic() + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([fd], [], [], 1)
        try:
            got = os.read(fd, 65536) if ready else None
        except OSError:
            break
        if got == b"":
            break
        screen += (got or b"").decode("utf-8", "replace").replace("\r\n", "\n")
        if talk and (at := screen.find(talk[0][0], seen)) >= 0:
            seen = at + len(talk[0][0])
            typed = talk.pop(0)[1]
            os.write(fd, b"\x04" if typed is None else typed.encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return screen, os.waitstatus_to_exitcode(status), [t[0] for t in talk]


def unattended(home, *words):
    done = subprocess.run([PROGRAM, *words, "--home", home, "--lang", "en"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, env={**os.environ, "HOME": os.path.dirname(home)})
    return done.returncode, done.stdout, done.stderr


def settings(home):
    path = f"{home}/drill.yaml"
    return open(path, encoding="utf-8").read() if os.path.exists(path) else None


def asked(base):
    home, arena = f"{base}/home", f"{base}/the arena"
    words = ["drill", "run", "quick", "--decoys", "20"]
    prompt, keep, consent = "(Enter: 1):", "Type 'yes':", "Start this drill?"
    os.mkdir(f"{base}/full")
    open(f"{base}/full/mine", "w").close()
    screen, code, left = at_terminal(home, words, [(QUESTION, f"{base}/full"), ("is not empty", "99"), ("neither a number", arena),
                                                   (keep, "no"), (consent, "no")])
    check("the question says why, and what will not do is asked again with the reason",
          left == [] and "your own backup reaches" in screen and code == 9, (screen, left, code))
    check("suggestions name file system and free space",
          re.search(r"^ +1 +/\S+ \((ext4|xfs|btrfs|tmpfs), [0-9.]+.[KMGT]iB free\)", screen.replace("\xa0", " "), re.M) is not None, screen)
    check("the plan is of the place that was named", f"Arena                       {arena} " in screen, screen)
    check("no is not kept", settings(home) is None, settings(home))
    screen, code, left = at_terminal(home, words, [(QUESTION, arena), (keep, "yes"), (consent, "no")])
    check("yes keeps it in drill.yaml", left == [] and f'arena: "{arena}"\n' in (settings(home) or ""), (screen, left, settings(home)))
    screen, code, left = at_terminal(home, words, [(consent, "no")])
    check("then nobody is asked again", left == [] and QUESTION not in screen and arena in screen, (screen, left))
    os.unlink(f"{home}/drill.yaml")
    screen, code, left = at_terminal(home, [*words, "--arena", arena], [(consent, "no")])
    check("nor where the option names it", left == [] and QUESTION not in screen, (screen, left))
    screen, code, left = at_terminal(home, words, [(prompt, None)])
    check("the end of input is no answer: nothing is done", code == 9 and left == [] and not os.path.exists(arena), (screen, code))
    screen, code, left = at_terminal(home, ["drill", "plant", "quick", "--decoys", "20"],
                                     [(QUESTION, arena), (keep, "no"), ("Planted generation 1", "")])
    check("planting asks too", code == 0 and os.path.isdir(arena), (screen, code))
    code, out, err = unattended(home, "drill", "show", "--json")
    drill = re.search(r'"id":"([0-9a-f-]{36})"', out)
    unattended(home, "drill", "undo", drill.group(1) if drill else "none")


def told(base):
    home = f"{base}/home"
    default = "/srv/tocsin-drill" if os.geteuid() == 0 else f"{base}/tocsin-drill"
    code, out, err = unattended(home, "drill", "plan", "quick", "--decoys", "20")
    lines = [l for l in err.splitlines() if l]
    check("where nobody is asked one line tells the default and how to name another",
          len(lines) >= 1 and default in lines[0] and "--arena DIR" in lines[0] and f"{home}/drill.yaml" in lines[0], (code, out, err))
    code, out, err = unattended(home, "drill", "plan", "quick", "--decoys", "20", "--arena", f"{base}/a")
    check("and none where the place was named", code == 0 and "default place" not in err, (code, err))
    code, out, err = unattended(home, "drill", "plan", "quick", "--decoys", "20", "--quiet")
    check("nor where the caller wants no hints", "default place" not in err, err)


def strict(base):
    home = f"{base}/home"
    for text, wanted in (("arenas: /x\n", "arenas: unknown"), ("arena: here\n", "'here' does not begin with /"),
                         ("arena: [1]\n", "arena: not text"), ("arena: /a\narena: /b\n", "line 2: duplicate key"),
                         ("- arena\n", "drill.yaml"), ("arena: /a\n---\narena: /b\n", "a second document")):
        with open(f"{home}/drill.yaml", "w", encoding="utf-8") as f:
            f.write(text)
        for words in (["plan"], ["plant", "quick"], ["run", "quick", "--yes"]):
            code, out, err = unattended(home, "drill", *words)
            check(f"{text!r} is refused by {words[0]} with file and place", code == 6 and wanted in err and "drill.yaml" in err, (code, err))
    with open(f"{home}/drill.yaml", "w", encoding="utf-8") as f:
        f.write("# nothing yet\n\n")
    code, out, err = unattended(home, "drill", "plan", "quick", "--decoys", "20", "--arena", f"{base}/a")
    check("comments alone are as good as no file", code == 0, (code, err))
    os.unlink(f"{home}/drill.yaml")


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-arena-", dir="/var/tmp") as base:
        asked(base)
        told(base)
        strict(base)
    print(f"1..{n}")
    return 1 if n_failed else 0


sys.exit(main())
