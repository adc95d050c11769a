"""What the gates share: the files of the tree, C text without comments, and TAP.

A gate is a function from a folder to a list of sentences, one a violation. Each gate is tried on
small planted trees first, so that a gate which no longer sees anything is a failing test itself.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.environ.get("TOCSIN_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Skip(Exception):
    """The gate cannot run here; the text says why."""


def tracked(root):
    """Paths of the tree's files, relative to root: git's list, or all of them in a planted tree."""
    if os.path.isdir(os.path.join(root, ".git")):
        out = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z"],
                             check=True, capture_output=True).stdout
        names = [n for n in out.decode().split("\0") if n]
        return sorted(n for n in names if os.path.isfile(os.path.join(root, n)))
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build"))]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(found)


def c_files(root, folders=("src", "tests", "fuzz", "bench")):
    return [n for n in tracked(root) if n.endswith((".c", ".h")) and n.split("/")[0] in folders]


def read(root, name):
    with open(os.path.join(root, name), "rb") as f:
        return f.read().decode("utf-8", "replace")


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def strip(text, keep_strings=False):
    """C text with comments (and the insides of literals) blanked; lines stay where they are."""
    def blank(found):
        piece = found.group(0)
        if piece.startswith("/"):
            return "\n" * piece.count("\n") or " "
        return piece if keep_strings else piece[0] + piece[-1]
    return TOKEN.sub(blank, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def arguments(text, at):
    """The text between the parenthesis at `at` and its partner."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == "(":
            depth += 1
        elif text[i] == ")":
            depth -= 1
            if depth == 0:
                return text[at + 1:i]
    return text[at + 1:]


def plant(folder, files):
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)


def main(check, planted, title):
    """planted: rows (sentence, files, word of the violation or None where there must be none)."""
    n = 0
    failed = 0

    def tell(good, sentence, problems=()):
        nonlocal n, failed
        n += 1
        failed += not good
        for p in problems:
            print(f"# {p}")
        print(f"{'ok' if good else 'not ok'} {n} - {sentence}", flush=True)

    for sentence, files, word in planted:
        with tempfile.TemporaryDirectory(prefix="tocsin-gate-") as folder:
            plant(folder, files)
            try:
                problems = check(folder)
            except Skip as why:
                n += 1
                print(f"ok {n} - planted: {sentence} # SKIP {why}", flush=True)
                continue
            good = not problems if word is None else any(word in p for p in problems)
            tell(good, f"planted: {sentence}", [] if good else problems or ["nothing was seen"])
    try:
        problems = check(ROOT)
        tell(not problems, title, problems)
    except Skip as why:
        n += 1
        print(f"ok {n} - {title} # SKIP {why}")
    print(f"1..{n}")
    sys.exit(1 if failed else 0)
