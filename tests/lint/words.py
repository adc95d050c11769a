#!/usr/bin/env python3
"""Words that have no business in tracked files: unfinished notes, paths of somebody's machine, the
hosts of package registries."""
import re
import gate

# In pieces, so that this file does not name what it forbids.
WORDS = {
    "an unfinished note": r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b",
    "a path of one machine": r"(?<![\w.\-])/(?:wo" r"rk|ro" r"ot)/[\w.]",
    "the host of a package registry": r"\b(?:py" r"pi\.org|files\.python" r"hosted\.org|registry\.np" r"mjs\.org|cra" r"tes\.io|deb\.debi" r"an\.org|proxy\.go" r"lang\.org|archive\.ubu" r"ntu\.com)\b",
    "a marker of an unfinished merge": r"^(?:<{7}|>{7}|={7})(?: |$)",
}
BINARY = (".png", ".jpg", ".pdf", ".mo", ".gz", ".zip")


def check(root):
    problems = []
    for name in gate.tracked(root):
        if name.endswith(BINARY) or name.startswith("fuzz/corpus/"):
            continue
        for number, line in enumerate(gate.read(root, name).splitlines(), 1):
            for what, pattern in WORDS.items():
                if re.search(pattern, line):
                    problems.append(f"{name}:{number}: {what}: {line.strip()[:80]}")
    return problems


PLANTED = [
    ("plain text is fine", {"README.md": "The workshop is rooted in practice. todo lists are a word. /var/work\n"}, None),
    ("an unfinished note", {"src/base/a.c": "/* TO" + "DO: later */\n"}, "an unfinished note"),
    ("a path of one machine", {"dev": "cd /wo" + "rk/main\n"}, "a path of one machine"),
    ("another", {"docs/a.md": "see `/ro" + "ot/.cache`\n"}, "a path of one machine"),
    ("a registry", {"dev": "curl https://py" + "pi.org/simple\n"}, "a package registry"),
    ("half a merge", {"a.md": "<" * 7 + " HEAD\n"}, "unfinished merge"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "no word that has no business here")
