#!/usr/bin/env python3
"""The completion scripts in the shells themselves, printed as TAP. A shell that is not here is skipped."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TOCSIN"]
COMMON = {"--home", "--json", "--lang", "--quiet", "--no-color", "--help", "--version"}
SCENARIOS = {"standard", "fast-actor", "quick", "benign-twin", "header-one-chunk"}
n = n_failed = 0

# What was typed (the last word is under the cursor), what must be offered, what must not.
CASES = [
    ("the nouns", ["", ], {"drill", "evidence", "demo", "help"}, {"run", "standard"}),
    ("the verbs of a noun", ["drill", ""], {"list", "plan", "plant", "run", "stop", "undo", "show", "verify"}, {"drill", "rotate"}),
    ("a noun's own verbs alone", ["evidence", ""], {"verify", "key", "rotate"}, {"plan"}),
    ("options where a dash was typed", ["drill", "run", "--"], {"--arena", "--guard", "--home"}, {"standard"}),
    ("no option of another command", ["drill", "plan", "--"], {"--paper-card"}, {"--restore"}),
    ("the choices of an option", ["drill", "run", "--guard", ""], {"auto", "off", "external"}, {"standard", "--guard"}),
    ("a choice begun", ["drill", "run", "--guard", "ex"], {"external"}, {"auto"}),
    ("the scenarios", ["drill", "run", ""], SCENARIOS, {"Standard", "list"}),
    ("the scenarios behind options with values", ["drill", "run", "--arena", "/x", "--yes", ""], SCENARIOS, {"/x"}),
    ("the verbs behind a common option", ["--home", "/x", "drill", ""], {"run"}, {"standard"}),
    ("languages", ["drill", "list", "--lang", ""], {"en", "zh"}, {"drill"}),
    ("nothing for a number", ["drill", "run", "--decoys", ""], set(), {"standard", "--arena", "drill"}),
    ("what help knows", ["help", ""], {"man", "completion", "drill"}, {"standard"}),
]


def check(name, holds, shown=""):
    global n, n_failed
    n += 1
    n_failed += not holds
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {n} - {name}", flush=True)


def run(argv, text=None, folder=None):
    done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120, cwd=folder,
                          env={**os.environ, "HOME": folder or "/nonexistent", "LANG": "C.UTF-8"})
    return done.stdout.splitlines(), done.stderr


def script(shell):
    out, err = run([PROGRAM, "help", "completion", shell])
    assert not err, err
    return "\n".join(out) + "\n"


def in_bash(words, folder):
    cut = [part for word in words for part in re.split("(=)", word) if part or not word]  # as COMP_WORDBREAKS does
    listed = " ".join("'" + w + "'" for w in [PROGRAM] + cut)
    return run(["bash", "--norc", "-c", script("bash") + f"COMP_WORDS=({listed}); COMP_CWORD={len(cut)}\n_tocsin\n"
                "printf '%s\\n' \"${COMPREPLY[@]}\"\n"], folder=folder)


ZSH_STAND_INS = """
compdef() { }
compset() { }
compadd() { local w; shift; for w in "$@"; do [[ $w = "$_tocsin_cur"* ]] && print -r -- $w; done; true }
_files() { if [[ $1 = -/ ]]; then print -l *(N/); else print -l *(N); fi }
"""


def in_zsh(words, folder):
    listed = " ".join("'" + w + "'" for w in [PROGRAM] + words)
    return run(["zsh", "-f", "-c", ZSH_STAND_INS + script("zsh") + f"words=({listed}); CURRENT={len(words) + 1}\n_tocsin\n"],
               folder=folder)


def in_fish(words, folder):
    """complete -C answers word<TAB>description. The program is found under its name."""
    line = "tocsin " + " ".join(words)
    out, err = run(["fish", "--no-config", "-c", script("fish") + f"set -gx PATH {os.path.dirname(PROGRAM)} $PATH\n"
                    f"complete -C '{line}'\n"], folder=folder)
    return [o.split("\t")[0] for o in out], err


def shell_cases(shell, complete, folder):
    for name, words, wanted, unwanted in CASES:
        out, err = complete(words, folder)
        offered = set(out)
        check(f"{shell} offers {name}", wanted <= offered and not unwanted & offered and not err, (words, out, err))
    out, err = complete(["drill", "run", "--arena", ""], folder)
    offered = {o.rstrip("/") for o in out}
    check(f"{shell} offers folders and no file where a folder is wanted", "folder" in offered and "file" not in offered, (out, err))
    out, err = complete(["drill", "verify", ""], folder)
    check(f"{shell} offers files where a file is wanted", "file" in {o.rstrip("/") for o in out}, (out, err))
    if shell != "fish":
        out, err = complete(["drill", "run", "--guard=o"], folder)
        check(f"{shell} offers a choice behind an equals sign", out == ["off"], (out, err))
        out, err = complete(["drill", "run", "standard", ""], folder)
        check(f"{shell} offers options when the operands are there", COMMON <= set(out), (out, err))


def descriptions_in_fish(folder):
    """An apostrophe in a help sentence is shown, in either language."""
    out, err = run(["fish", "--no-config", "-c", script("fish") + "complete -C 'tocsin drill run --'\n"], folder=folder)
    shown = dict(o.split("\t", 1) for o in out if "\t" in o)
    check("fish shows help with its apostrophes", "people's" in shown.get("--people", "") and not err, (err, out))
    zh, _ = run([PROGRAM, "help", "completion", "fish", "--lang", "zh"])
    out, err = run(["fish", "--no-config", "-c", "\n".join(zh) + "\ncomplete -C 'tocsin '\n"], folder=folder)
    check("fish shows help in Chinese", any("演练" in o for o in out) and not err, (err, out))


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-completion-", dir="/var/tmp") as folder:
        os.mkdir(f"{folder}/folder")
        open(f"{folder}/file", "w").close()
        for shell, complete in (("bash", in_bash), ("zsh", in_zsh), ("fish", in_fish)):
            if shutil.which(shell) is None:
                check(f"{shell} is not here # SKIP", True)
                continue
            shell_cases(shell, complete, folder)
        if shutil.which("fish"):
            descriptions_in_fish(folder)
    print(f"1..{n}")
    return 1 if n_failed else 0


sys.exit(main())
