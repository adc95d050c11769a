#!/usr/bin/env python3
"""Mutable variables that outlive a call, read from the objects of a build: only those named here.

usage: variables.py BUILD
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import gate

# The kinds that the tree allows: log sink, signal flag, test fault, the language, and who started a role.
ALLOWED = {
    ("base", "armed"): "the armed fault point; not in a release",
    ("base", "catalogue"): "the translations and the language; set before there are threads",
    ("sys", "parent"): "who must stay the parent of a role; written once, by role_dispatch",
    ("cli", "interrupted"): "set by the signal handler",
    ("cli", "stop"): "set by the same handler, for the sender, which looks through a pointer",
    ("cli", "sink"): "where log lines go",
}
SYMBOL = re.compile(r"^[0-9a-f]+ .{7} (\.data\S*|\.bss\S*|\.tdata\S*|\.tbss\S*|\*COM\*)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", re.M)


def of_objects(folder):
    found = []
    for where, _, names in os.walk(folder):
        library = os.path.basename(where).split(".")[0].removeprefix("lib")
        for name in sorted(names):
            if not name.endswith(".o"):
                continue
            out = subprocess.run(["objdump", "-t", os.path.join(where, name)], capture_output=True, text=True).stdout
            for section, symbol in SYMBOL.findall(out):
                if section.startswith(".data.rel.ro") or symbol == section or symbol.startswith((".", "__odr_asan", "__asan")):
                    continue
                found.append((library.split("_")[0], re.sub(r"\.\d+$", "", symbol), name))
    return found


def check_objects(folder):
    return [f"{library}/{name}: '{symbol}' can be changed and outlives the call"
            for library, symbol, name in of_objects(folder) if (library, symbol) not in ALLOWED]


def compile_planted(folder):
    out = os.path.join(folder, "objects", "libbase.a.p")
    os.makedirs(out, exist_ok=True)
    for name in gate.tracked(folder):
        if name.endswith(".c"):
            subprocess.run(["cc", "-fPIC", "-O2", "-c", os.path.join(folder, name), "-o",
                            os.path.join(out, os.path.basename(name) + ".o")], check=True)
    return out


def check(root):
    if shutil.which("objdump") is None:
        raise gate.Skip("objdump is not installed")
    if root != gate.ROOT:
        return check_objects(os.path.dirname(compile_planted(root)))
    if len(sys.argv) < 2 or not os.path.isdir(os.path.join(sys.argv[1], "src")):
        raise gate.Skip("no build folder was named")
    return check_objects(os.path.join(sys.argv[1], "src"))


PLANTED = [
    ("constants are fine, with pointers too", {"src/base/a.c": 'static const char *const t[] = { "a", "b" };\nconst int n = 3;\nconst char *g(int i)\n{\n\treturn t[i];\n}\n'}, None),
    ("a counter of the file", {"src/base/a.c": "static int n_calls;\nint g(void)\n{\n\treturn ++n_calls;\n}\n"}, "'n_calls'"),
    ("a counter of the function", {"src/base/a.c": "int g(void)\n{\n\tstatic int n = 7;\n\treturn ++n;\n}\n"}, "'n'"),
    ("one of a thread", {"src/base/a.c": "static _Thread_local int n;\nint g(void)\n{\n\treturn ++n;\n}\n"}, "'n'"),
    ("a global that was forgotten", {"src/base/a.c": "int everywhere = 1;\n"}, "'everywhere'"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "nothing outlives a call but what is allowed")
