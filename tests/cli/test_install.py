#!/usr/bin/env python3
"""What an installation puts where man and the shells look: a page for every command in both languages, and a script
for each shell. Printed as TAP."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TOCSIN"]
SOURCE = os.environ["TOCSIN_SOURCE"]
n = n_failed = 0


def check(name, holds, shown=""):
    global n, n_failed
    n += 1
    n_failed += not holds
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {n} - {name}", flush=True)


def page(path):
    return path.read_text(encoding="utf-8")


def install_whole():
    """meson install itself, into a folder of its own."""
    build = os.path.dirname(PROGRAM)
    if shutil.which("meson") is None or not os.path.exists(os.path.join(build, "build.ninja")):
        check("meson installs it all # SKIP no meson, or no build folder", True)
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-install-") as top:
        done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", top], check=False,
                              capture_output=True, text=True)
        names = {path.name for path in pathlib.Path(top).rglob("*") if path.is_file()}
        check("meson installs it all", done.returncode == 0 and
              {"tocsin", "tocsin.mo", "tocsin.1", "tocsin-drill-run.1", "_tocsin", "tocsin.fish"} <= names,
              (done.stdout + done.stderr)[-800:])


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-install-") as top:
        os.umask(0o077)  # an administrator's: the pages are for everybody all the same
        done = subprocess.run([sys.executable, os.path.join(SOURCE, "tools", "install_help.py"), PROGRAM, "share/man",
                               "share"], env={**os.environ, "MESON_INSTALL_DESTDIR_PREFIX": top}, check=False,
                              capture_output=True, text=True)
        check("the help is installed", done.returncode == 0, done.stderr)
        share = pathlib.Path(top, "share")
        listed = subprocess.run([PROGRAM, "help", "--lang", "en"], check=True, capture_output=True, text=True).stdout
        commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)  +\S", listed, re.M)
        wanted = {"tocsin.1"} | {f"tocsin-{words.replace(' ', '-')}.1" for words in commands}
        for folder in ("man1", "zh_CN/man1"):
            there = {path.name for path in (share / "man" / folder).glob("*")}
            check(f"every command has its page in {folder}", len(commands) > 30 and there == wanted, wanted ^ there)
        run = "tocsin-drill-run.1"
        check("a page is a page", ".SH SYNOPSIS" in page(share / "man/man1" / run))
        chinese = page(share / "man/zh_CN/man1" / run)
        check("the Chinese page is Chinese", re.search("[\u4e00-\u9fff]{4}", chinese) is not None, chinese[:300])
        check("everybody may read it", (share / "man/man1" / run).stat().st_mode & 0o777 == 0o644)
        for shell, name in (("bash", "bash-completion/completions/tocsin"), ("zsh", "zsh/site-functions/_tocsin"),
                            ("fish", "fish/vendor_completions.d/tocsin.fish")):
            if shutil.which(shell) is None:
                check(f"{shell} takes its script # SKIP {shell} is not installed", True)
                continue
            took = subprocess.run([shell, "-n", share / name], check=False, capture_output=True, text=True)
            check(f"{shell} takes its script", took.returncode == 0 and (share / name).stat().st_size > 500, took.stderr)
    install_whole()
    print(f"1..{n}")
    return 1 if n_failed else 0


sys.exit(main())
