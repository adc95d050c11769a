#!/usr/bin/env python3
"""One function of a name: two that other files can see are linked by chance, since the archives of the
folders are searched in order and the second is silently left out."""
import re
import gate

# A definition as clang-format writes it: at the margin, not static, its body's brace at the margin too.
DEFINITION = re.compile(r"^(?!static\b|typedef\b|struct\b[^()]*\{|enum\b[^()]*\{|extern\b|else\b)[A-Za-z_][\w \t\n*]*?\b(\w+)\(([^;{}]|\n)*?\)\n\{",
                        re.M)
SAME_BY_DESIGN = {"main"}


def check(root):
    seen, problems = {}, []
    for name in gate.c_files(root, ("src",)):
        text = gate.strip(gate.read(root, name))
        for found in DEFINITION.finditer(text):
            function = found.group(1)
            where = f"{name}:{gate.line_of(text, found.start(1))}"
            if function in SAME_BY_DESIGN:
                continue
            if function in seen:
                problems.append(f"{where}: '{function}' is a function of {seen[function]} too")
            seen.setdefault(function, where)
    return problems


PLANTED = [
    ("two functions of one name are seen", {"src/base/a.c": "int read_it(int x)\n{\n\treturn x;\n}\n",
                                            "src/sys/b.c": "int read_it(void)\n{\n\treturn 1;\n}\n"}, "read_it"),
    ("also where the head takes two lines", {"src/base/a.c": "enum status read_it(\n\tint x, int y)\n{\n\treturn x;\n}\n",
                                             "src/sys/b.c": "enum status read_it(int x)\n{\n\treturn x;\n}\n"}, "read_it"),
    ("static ones may share a name", {"src/base/a.c": "static int read_it(int x)\n{\n\treturn x;\n}\n",
                                      "src/sys/b.c": "static int read_it(void)\n{\n\treturn 1;\n}\n"}, None),
    ("a declaration is none", {"src/base/a.h": "int read_it(int x);\n",
                               "src/sys/b.c": "int read_it(int x)\n{\n\treturn x;\n}\n"}, None),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "a function's name is its own")
