#!/usr/bin/env python3
"""clang-format as a gate. Its output differs between versions, so only the one that the tree is
formatted with decides."""
import re
import shutil
import subprocess
import os
import gate

VERSION = "14"


def check(root):
    if shutil.which("clang-format") is None:
        raise gate.Skip("clang-format is not installed")
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True).stdout
    if not re.search(rf"version {VERSION}\.", version):
        raise gate.Skip(f"the tree is formatted with clang-format {VERSION}")
    names = gate.c_files(root)
    if not names:
        return []
    style = "file:" + os.path.join(gate.ROOT, ".clang-format")
    out = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=" + style] + names, cwd=root,
                         capture_output=True, text=True).stderr
    return sorted({m.group(1) + ": not as clang-format writes it" for m in re.finditer(r"^(\S+?):\d+:\d+: error", out, re.M)})


PLANTED = [
    ("a formatted file is fine", {"src/base/a.c": "int f(void)\n{\n\treturn 1;\n}\n"}, None),
    ("blanks for tabs", {"src/base/a.c": "int f(void)\n{\n    return 1;\n}\n"}, "not as clang-format"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "the tree is as clang-format writes it")
