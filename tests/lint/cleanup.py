#!/usr/bin/env python3
"""What is given back by itself at the end of its block has a value before any way out of that block."""
import re
import gate

# AUTO_FD int fd;   AUTO(pool_free) struct pool *p;   AUTO_BUF struct buf a, b;
DECLARED = re.compile(r"\b(AUTO(?:_[A-Z]+)?)\b(?:\s*\([^()]*\))?\s+([A-Za-z_][\w ]*?[\s*]\s*\**\w+(?:\s*,\s*\**\w+)*)\s*;")
WAY_OUT = re.compile(r"\b(?:return|TRY|REQUIRE\w*)\b")


def check_file(name, text):
    problems = []
    bare = gate.strip(text)
    for found in DECLARED.finditer(bare):
        if bare[bare.rfind("\n", 0, found.start()) + 1:found.start()].lstrip().startswith("#"):
            continue
        line = gate.line_of(bare, found.start())
        for declared in found.group(2).split(","):
            variable = re.search(r"\w+\s*$", declared).group(0).strip()
            begun = re.compile(r"[(,]\s*&" + variable + r"\b").search(bare, found.end())
            out = WAY_OUT.search(bare, found.end())
            if begun is None or (out is not None and out.start() < begun.start()):
                problems.append(f"{name}:{line}: '{variable}' may be given back before it was set up")
    return problems


def check(root):
    problems = []
    for name in gate.c_files(root, ("src", "bench")):
        problems += check_file(name, gate.read(root, name))
    return problems


def body(lines):
    return {"src/base/a.c": "/*\n * x\n */\nenum status f(struct error *e)\n{\n\t" + lines + "\n}\n"}


PLANTED = [
    ("set up at once is fine", body("AUTO_BUF struct buf b;\n\tbuf_init(&b, 64);\n\tTRY(g(e));\n\treturn OK;"), None),
    ("with a value is fine", body("AUTO_FD int fd = -1;\n\tTRY(g(e));\n\treturn OK;"), None),
    ("a buffer after a way out", body("AUTO_BUF struct buf b;\n\tTRY(g(e));\n\tbuf_init(&b, 64);\n\treturn OK;"), "'b' may be given back"),
    ("the second of two", body("AUTO_BUF struct buf a;\n\tAUTO_BUF struct buf b;\n\tbuf_init(&a, 1);\n\tif (x)\n\t\treturn OK;\n\tbuf_init(&b, 1);\n\treturn OK;"), "'b' may be given back"),
    ("a descriptor without a value", body("AUTO_FD int fd;\n\treturn g(&fd, e);"), "'fd' may be"),
    ("a pointer without a value", body("AUTO(pool_free) struct pool *p;\n\treturn g(&p, e);"), "'p' may be"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "what is given back by itself is set up before any way out")
