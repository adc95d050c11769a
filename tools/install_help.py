#!/usr/bin/env python3
"""Called by meson install: asks the program itself for its manual pages and its completion scripts, and puts them
where man and the shells look.

usage: install_help.py PROGRAM MANDIR DATADIR       both folders relative to the prefix, or absolute
"""
import os
import re
import subprocess
import sys

LANGUAGES = {"en": "", "zh": "zh_CN"}
SHELLS = {"bash": "bash-completion/completions/tocsin", "zsh": "zsh/site-functions/_tocsin",
          "fish": "fish/vendor_completions.d/tocsin.fish"}


def ask(program, *words):
    return subprocess.run([program, "help", *words], check=True, capture_output=True, text=True).stdout


def put(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o644)


def main():
    program, mandir, datadir = sys.argv[1:]
    prefix = os.environ["MESON_INSTALL_DESTDIR_PREFIX"]
    mandir = os.path.join(prefix, mandir)  # an absolute folder stays what it is
    datadir = os.path.join(prefix, datadir)
    commands = [words.split() for words in re.findall(r"^\.TP\n\\fB([a-z -]+)\\fR$", ask(program, "man"), re.M)]
    if not commands:
        sys.exit(f"install_help.py: {program} names no commands")
    for language, folder in LANGUAGES.items():
        pages = os.path.join(mandir, folder, "man1")
        put(pages, "tocsin.1", ask(program, "man", "--lang", language))
        for words in commands:
            put(pages, f"tocsin-{'-'.join(words)}.1", ask(program, "man", *words, "--lang", language))
    for shell, name in SHELLS.items():
        put(datadir, name, ask(program, "completion", shell))


main()
