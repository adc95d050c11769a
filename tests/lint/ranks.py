#!/usr/bin/env python3
"""Ranks over #include lines: a folder includes only what stands below it, and knows a module by its
one header; some libraries belong to one folder; capabilities never print."""
import re
import gate

RANK = {"base": 0, "sys": 1, "store": 2, "record": 3, "drill": 4, "guard": 4, "examine": 4, "data": 4,
        "incident": 4, "programme": 4, "training": 4, "render": 5, "hub": 6, "cli": 6, "main": 7}
SEVERAL_HEADERS = {"base", "sys"}
# A library's header, and the folders that may name it.
OWNERS = {"sqlite3.h": {"store"}, "openssl/": {"base", "record", "drill"}, "seccomp.h": {"sys"},
          "yaml.h": {"base"}, "archive.h": {"drill"}, "microhttpd.h": {"drill", "hub"},
          "curl/": {"record"}, "cairo": {"render"}, "xlsxwriter.h": {"render"}, "pango/": {"render"}, "systemd/": {"drill"}}
# A folder with rooms: a room includes its own files, those of its folder, and what stands before it here.
ROOMS = {"drill": ["keep", "scenario", "decoy", "attack", "undo", "witness", "score", "people", "sense", "restore",
                   "conduct"],
         "incident": ["rules", "clocks", "forms", "cases", "warnings"]}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
PRINTS = re.compile(r"\b(printf|puts|putchar|vprintf|perror|fputs|fputc|putc|fprintf|vfprintf)\s*\(")


def room_of(parts):
    """The room in the path's parts (folder first), -1 where the file stands in the folder itself, None where
    there is no such room."""
    if len(parts) == 2:
        return -1
    rooms = ROOMS.get(parts[0], [])
    return rooms.index(parts[1]) if len(parts) == 3 and parts[1] in rooms else None


def check(root):
    problems = []
    for name in gate.c_files(root, ("src",)):
        folder = name.split("/")[1]
        room = room_of(name.split("/")[1:])
        text = gate.strip(gate.read(root, name), keep_strings=True)
        if folder not in RANK:
            problems.append(f"{name}: '{folder}' is no folder of the house")
            continue
        if room is None:
            problems.append(f"{name}: stands in no room of {folder}")
            continue
        for found in INCLUDE.finditer(text):
            where = f"{name}:{gate.line_of(text, found.start())}"
            kind, target = found.groups()
            if kind == "<":
                for start, owners in OWNERS.items():
                    if target.startswith(start) and folder not in owners:
                        problems.append(f"{where}: <{target}> belongs to {', '.join(sorted(owners))}")
                continue
            parts = target.split("/")
            seen = room_of(parts) if parts[0] in RANK else None
            if seen is None:
                problems.append(f'{where}: "{target}" is not <folder>/<file> or <folder>/<room>/<file>')
            elif parts[0] == folder and seen > room and name != f"src/{folder}/{folder}.h":
                problems.append(f"{where}: {'/'.join(name.split('/')[1:-1])} may not include {parts[1]}: it does not stand before")
            elif parts[0] != folder and RANK[parts[0]] >= RANK[folder]:
                problems.append(f"{where}: {folder} may not include {parts[0]}: it does not stand below")
            elif parts[0] != folder and parts[0] not in SEVERAL_HEADERS and parts[1:] != [parts[0] + ".h"]:
                problems.append(f"{where}: outside its folder {parts[0]} is known by {parts[0]}/{parts[0]}.h")
        if RANK[folder] < 6:
            for found in PRINTS.finditer(gate.strip(text)):
                problems.append(f"{name}:{gate.line_of(text, found.start())}: {found.group(1)}: only the tops print")
    return problems


PLANTED = [
    ("a capability may include what stands below", {"src/drill/a.c": '#include "base/buf.h"\n#include "record/record.h"\n'}, None),
    ("a folder may not look up", {"src/base/a.c": '#include "sys/file.h"\n'}, "does not stand below"),
    ("capabilities do not include each other", {"src/drill/a.c": '#include "guard/guard.h"\n'}, "does not stand below"),
    ("hub and cli do not include each other", {"src/cli/a.c": '#include "hub/hub.h"\n'}, "does not stand below"),
    ("a module is known by its one header", {"src/drill/a.c": '#include "record/key.h"\n'}, "is known by"),
    ("its own folder may see all of it", {"src/record/a.c": '#include "record/key.h"\n'}, None),
    ("a room may include a room before it", {"src/drill/attack/a.c": '#include "drill/keep/keep.h"\n#include "drill/drill.h"\n'}, None),
    ("a room may not look ahead", {"src/drill/keep/a.c": '#include "drill/attack/attack.h"\n'}, "does not stand before"),
    ("a folder's own files do not look into its rooms", {"src/drill/a.c": '#include "drill/keep/keep.h"\n'}, "does not stand before"),
    ("a room is not known outside", {"src/cli/a.c": '#include "drill/keep/keep.h"\n'}, "is known by"),
    ("a room nobody knows", {"src/drill/things/a.c": "int x;\n"}, "no room"),
    ("a path is two parts", {"src/cli/a.c": '#include "../x.h"\n'}, "is not <folder>"),
    ("a library belongs to its folder", {"src/drill/a.c": "#include <sqlite3.h>\n"}, "belongs to store"),
    ("a commented include is none", {"src/base/a.c": '/*\n#include "cli/cli.h"\n*/\n'}, None),
    ("a capability does not print", {"src/drill/a.c": 'void f(void)\n{\n\tprintf("x");\n}\n'}, "only the tops print"),
    ("a folder nobody knows", {"src/helpers/a.c": "int x;\n"}, "no folder of the house"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "every include goes down")
