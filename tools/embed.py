#!/usr/bin/env python3
"""Turns files into a C table of names and bytes: embed.py OUT.c PREFIX FILE...

The table is `const struct embedded_file PREFIX_files[]` (base/embed.h) with PREFIX_files_n rows.
"""
import os
import sys


def main() -> None:
    out, prefix, names = sys.argv[1], sys.argv[2], sorted(sys.argv[3:])
    lines = ['#include "base/embed.h"', ""]
    for i, name in enumerate(names):
        with open(name, "rb") as f:
            content = f.read()
        lines.append(f"static const unsigned char bytes_{i}[] = {{")
        for at in range(0, len(content), 20):
            lines.append("\t" + ",".join(str(b) for b in content[at : at + 20]) + ",")
        lines += ["\t0", "};", ""]
    lines.append(f"const struct embedded_file {prefix}_files[] = {{")
    for i, name in enumerate(names):
        lines.append(f'\t{{ "{os.path.basename(name)}", (const char *)bytes_{i}, sizeof bytes_{i} - 1 }},')
    lines += ["\t{ 0, 0, 0 }", "};", f"const unsigned long {prefix}_files_n = {len(names)};", ""]
    with open(out, "w", encoding="ascii") as f:
        f.write("\n".join(lines))


main()
