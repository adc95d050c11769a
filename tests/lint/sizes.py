#!/usr/bin/env python3
"""Sizes: file 800 lines, function 100 lines, nesting 4, 6 parameters beside the error that comes
last; McCabe 20 by pmccabe."""
import os
import re
import shutil
import subprocess
import gate

FILE_MAX, FUNCTION_MAX, NESTING_MAX, PARAMETERS_MAX, MCCABE_MAX = 800, 100, 4, 6, 20
TOKENS = re.compile(r"[A-Za-z_]\w*|[0-9][\w.]*|\n|\S")
# Their form is given by a library.
GIVEN = {("src/drill/sense/channel_webhook.c", "on_request"): "MHD_AccessHandlerCallback"}
CONTROL = {"if", "for", "while", "switch"}


class Function:
    def __init__(self, name, line, n_parameters):
        self.name, self.line, self.n_parameters = name, line, n_parameters
        self.n_lines = self.nesting = 0


class Parser:
    """Statements of a clang-formatted file; macros that take a block count as loops."""

    def __init__(self, text):
        text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M)
        self.tokens, self.lines, line = [], [], 1
        for found in TOKENS.finditer(text):
            if found.group(0) == "\n":
                line += 1
            else:
                self.tokens.append(found.group(0))
                self.lines.append(line)

    def skip_group(self, i):
        pairs = {"(": ")", "{": "}", "[": "]"}
        stack = []
        while i < len(self.tokens):
            t = self.tokens[i]
            if t in pairs:
                stack.append(pairs[t])
            elif stack and t == stack[-1]:
                stack.pop()
                if not stack:
                    return i + 1
            i += 1
        return i

    def block(self, i, depth):
        deepest = depth
        i += 1
        while i < len(self.tokens) and self.tokens[i] != "}":
            i, d = self.statement(i, depth)
            deepest = max(deepest, d)
        return i + 1, deepest

    def conditional(self, i, depth):
        i, deepest = self.statement(self.skip_group(i + 1), depth + 1)
        while i < len(self.tokens) and self.tokens[i] == "else":
            if self.tokens[i + 1] == "if":
                i, d = self.statement(self.skip_group(i + 2), depth + 1)
            else:
                i, d = self.statement(i + 1, depth + 1)
            deepest = max(deepest, d)
        return i, deepest

    def statement(self, i, depth):
        t = self.tokens[i]
        if t == "{":
            return self.block(i, depth)
        if t == "if":
            return self.conditional(i, depth)
        if t in CONTROL:
            return self.statement(self.skip_group(i + 1), depth + 1)
        if t == "do":
            i, deepest = self.statement(i + 1, depth + 1)
            while i < len(self.tokens) and self.tokens[i] != ";":
                i += 1
            return i + 1, deepest
        if t in ("case", "default"):
            while i < len(self.tokens) and self.tokens[i] != ":":
                i += 1
            return i + 1, depth
        start = i
        while i < len(self.tokens) and self.tokens[i] not in (";", "}"):
            if self.tokens[i] == "{" and i > start and self.tokens[i - 1] == ")":
                return self.statement(i, depth + 1)
            i = self.skip_group(i) if self.tokens[i] in "({[" else i + 1
        return (i if i < len(self.tokens) and self.tokens[i] == "}" else i + 1), depth

    def functions(self):
        i, found = 0, []
        while i < len(self.tokens):
            t = self.tokens[i]
            if t == "(":
                opening = i
                i = self.skip_group(i)
                if i < len(self.tokens) and self.tokens[i] == "{" and opening > 0 and \
                        re.match(r"[A-Za-z_]", self.tokens[opening - 1]):
                    found.append(self.function(opening, i))
                    i = self.skip_group(i)
            elif t in "{[":
                i = self.skip_group(i)
            else:
                i += 1
        return found

    def function(self, opening, body):
        inside, depth, n = self.tokens[opening + 1:body - 1], 0, 1
        for t in inside:
            depth += (t in "([{") - (t in ")]}")
            n += t == "," and depth == 0
        # The error that every fallible function ends with is not counted.
        n -= inside[-4:-1] == ["struct", "error", "*"]
        f = Function(self.tokens[opening - 1], self.lines[opening - 1], 0 if inside in ([], ["void"]) else n)
        if f.name in ("TEST", "TEST_WITHIN") and inside:
            f.name, f.n_parameters = inside[0], 0
        end, f.nesting = self.block(body, 0)
        f.n_lines = self.lines[min(end, len(self.tokens)) - 1] - f.line + 1
        return f


def mccabe(root, names):
    if shutil.which("pmccabe") is None:
        return []
    out = subprocess.run(["pmccabe"] + names, cwd=root, capture_output=True, text=True).stdout
    problems = []
    for line in out.splitlines():
        parts = line.split("\t")
        if len(parts) >= 6 and parts[1].isdigit() and int(parts[1]) > MCCABE_MAX:
            problems.append(f"{parts[5]}: McCabe complexity {parts[1]}, {MCCABE_MAX} is allowed")
    return problems


def check(root):
    problems = []
    names = gate.c_files(root)
    for name in names:
        text = gate.read(root, name)
        n_lines = text.count("\n")
        if n_lines > FILE_MAX:
            problems.append(f"{name}: {n_lines} lines, {FILE_MAX} are allowed")
        if not text.startswith("/*"):
            problems.append(f"{name}: no head that says what it is for")
        if re.fullmatch(r"(util|utils|common|helper|helpers|misc)\.[ch]", os.path.basename(name)):
            problems.append(f"{name}: this name says nothing")
        for f in Parser(gate.strip(text)).functions():
            where = f"{name}:{f.line}: {f.name}"
            if f.n_lines > FUNCTION_MAX:
                problems.append(f"{where}: {f.n_lines} lines, {FUNCTION_MAX} are allowed")
            if f.nesting > NESTING_MAX:
                problems.append(f"{where}: nested {f.nesting} deep, {NESTING_MAX} are allowed")
            if f.n_parameters > PARAMETERS_MAX and (name, f.name) not in GIVEN:
                problems.append(f"{where}: {f.n_parameters} parameters, {PARAMETERS_MAX} are allowed")
    return problems + mccabe(root, [n for n in names if n.startswith("src/") and n.endswith(".c")])


HEAD = "/*\n * A file.\n */\n"
DEEP = "".join("\t" * n + "if (x)\n" for n in range(1, 6)) + "\t" * 6 + "y();\n"
FOUR = "".join("\t" * n + "if (x) {\n" for n in range(1, 5)) + "y();\n" + "}\n" * 4
PLANTED = [
    ("a small file is fine", {"src/base/a.c": HEAD + "int f(int a, int b)\n{\n\treturn a + b;\n}\n"}, None),
    ("a long file", {"src/base/a.c": HEAD + "int x;\n" * 800}, "800 are allowed"),
    ("a long function", {"src/base/a.c": HEAD + "void f(void)\n{\n" + "\tg();\n" * 98 + "}\n"}, "100 are allowed"),
    ("a function of 100 lines is fine", {"src/base/a.c": HEAD + "void f(void)\n{\n" + "\tg();\n" * 97 + "}\n"}, None),
    ("a deep function without braces", {"src/base/a.c": HEAD + "void f(int x)\n{\n" + DEEP + "}\n"}, "nested 5 deep"),
    ("four levels are fine", {"src/base/a.c": HEAD + "void f(int x)\n{\n" + FOUR + "}\n"}, None),
    ("else-if is one level", {"src/base/a.c": HEAD + "void f(int x)\n{\n" + "\tif (x)\n\t\ty();\n" + "\telse if (x)\n\t\ty();\n" * 6 + "}\n"}, None),
    ("seven parameters", {"src/base/a.c": HEAD + "int f(int a, int b, int c, int d, int e, int g, void (*h)(int, int))\n{\n\treturn 0;\n}\n"}, "7 parameters"),
    ("six parameters and the error are fine", {"src/base/a.c": HEAD + "int f(int a, int b, int c, int d, int e, int g, struct error *h)\n{\n\treturn 0;\n}\n"}, None),
    ("six parameters with commas inside are fine", {"src/base/a.c": HEAD + "int f(int a, int b, int c, int d, int e, void (*h)(int, int))\n{\n\treturn 0;\n}\n"}, None),
    ("a complex function", {"src/base/a.c": HEAD + "int f(int x)\n{\n" + "\tif (x)\n\t\tx++;\n" * 20 + "\treturn x;\n}\n"}, "McCabe complexity 21" if shutil.which("pmccabe") else None),
    ("a file without a head", {"src/base/a.c": "int x;\n"}, "no head"),
    ("a name that says nothing", {"src/base/util.c": HEAD}, "says nothing"),
    ("a macro that takes a block is a level", {"src/base/a.c": HEAD + "void f(int x)\n{\n" + "\teach(x)\n\t{\n" * 5 + "y();\n" + "}\n" * 5 + "}\n"}, "nested 5 deep"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "files and functions are of a size that can be read")
