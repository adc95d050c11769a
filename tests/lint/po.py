#!/usr/bin/env python3
"""Translations are complete: every sentence of the sources is in every catalogue, none is fuzzy, and
the formats agree."""
import os
import re
import shutil
import subprocess
import tempfile
import gate

KEYWORDS = ["_", "N_", "error_set:3", "error_sys:4", "error_wrap:2"]


def extract(root, out):
    names = [n for n in gate.c_files(root, ("src",)) if n.endswith(".c")]
    command = ["xgettext", "--language=C", "--from-code=UTF-8", "--sort-output", "-o", out]
    command += ["-k"] + [f"--keyword={k}" for k in KEYWORDS] + names
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return os.path.exists(out)


def check_catalogue(root, name, template):
    problems = []
    path = os.path.join(root, name)
    env = {**os.environ, "LC_ALL": "C"}
    out = subprocess.run(["msgfmt", "--check", "--statistics", "-o", "/dev/null", path], capture_output=True,
                         text=True, env=env)
    if out.returncode != 0:
        problems.append(f"{name}: {out.stderr.strip()}")
    for found in re.finditer(r"(\d+) (fuzzy|untranslated)", out.stderr):
        problems.append(f"{name}: {found.group(1)} {found.group(2)}")
    out = subprocess.run(["msgcmp", "--use-fuzzy", "--use-untranslated", path, template], capture_output=True,
                         text=True, env=env)
    missing = [line for line in out.stderr.splitlines() if "is used but not defined" in line]
    if missing:
        problems.append(f"{name}: {len(missing)} sentences of the sources are not in it; the first: {missing[0]}")
    return problems


def check(root):
    if shutil.which("xgettext") is None:
        raise gate.Skip("gettext is not installed")
    names = [n for n in gate.tracked(root) if n.startswith("po/") and n.endswith(".po")]
    if not names:
        if root == gate.ROOT:
            raise gate.Skip("no catalogue yet")
        return []
    with tempfile.TemporaryDirectory(prefix="tocsin-gate-") as folder:
        template = os.path.join(folder, "tocsin.pot")
        if not extract(root, template):
            return []
        return [p for name in names for p in check_catalogue(root, name, template)]


HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
SOURCE = 'void f(void)\n{\n\tg(_("the arena is gone"));\n\t(void)error_set(e, E_FAILED, "no key %s", x);\n}\n'
GOOD = 'msgid "the arena is gone"\nmsgstr "演练区已不在"\n\n'
FORMAT = '#, c-format\nmsgid "no key %s"\nmsgstr "{}"\n'
PLANTED = [
    ("a complete catalogue is fine", {"src/base/a.c": SOURCE, "po/zh_CN.po": HEAD + GOOD + FORMAT.format("没有密钥 %s")}, None),
    ("a sentence that is missing", {"src/base/a.c": SOURCE, "po/zh_CN.po": HEAD + GOOD}, "are not in it"),
    ("a sentence without a translation", {"src/base/a.c": SOURCE, "po/zh_CN.po": HEAD + GOOD + FORMAT.format("")}, "untranslated"),
    ("a fuzzy translation", {"src/base/a.c": SOURCE, "po/zh_CN.po": HEAD + GOOD + FORMAT.format("没有 %s").replace("#, ", "#, fuzzy, ")}, "fuzzy"),
    ("a format that does not agree", {"src/base/a.c": SOURCE, "po/zh_CN.po": HEAD + GOOD + FORMAT.format("没有 %d")}, "format"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "every sentence is translated")
