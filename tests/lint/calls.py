#!/usr/bin/env python3
"""Calls that are not allowed in the program: unbounded, unchecked, by shell or by a racing path; and
descriptors that a child would inherit."""
import re
import gate

BANNED = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound", "vsprintf": "no bound",
    "gets": "no bound", "strtok": "keeps state", "strtok_r": "changes its input", "atoi": "no check",
    "atol": "no check", "atoll": "no check", "atof": "no check", "sscanf": "no check",
    "scanf": "no check", "fscanf": "no check", "strncpy": "may leave no end", "strncat": "its bound misleads",
    "system": "a shell", "popen": "a shell", "wordexp": "a shell", "mktemp": "a race", "tmpnam": "a race",
    "tempnam": "a race", "access": "a race", "alloca": "no bound", "rand": "use dice", "srand": "use dice",
    "gmtime": "keeps state", "localtime": "keeps state", "ctime": "keeps state", "asctime": "keeps state",
    "setjmp": "hides flow", "longjmp": "hides flow",
    "usleep": "use clock_sleep_ns", "sleep": "use clock_sleep_ns", "dup": "inherited: use F_DUPFD_CLOEXEC",
    "pipe": "inherited: use pipe2", "accept": "inherited: use accept4", "vfork": "shares memory",
    "putenv": "keeps its argument",
}
NUMBER = re.compile(r"\b(strto(?:l|ul|ll|ull|d|f|imax|umax))\s*\(")
FLAGGED = {"open": "O_CLOEXEC", "openat": "O_CLOEXEC", "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC",
           "pipe2": "O_CLOEXEC", "accept4": "SOCK_CLOEXEC", "memfd_create": "MFD_CLOEXEC",
           "epoll_create1": "EPOLL_CLOEXEC", "eventfd": "EFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC",
           "signalfd": "SFD_CLOEXEC", "inotify_init1": "IN_CLOEXEC", "mkostemp": "O_CLOEXEC"}


def check_file(name, text):
    problems = []
    bare = gate.strip(text)

    def tell(at, why):
        problems.append(f"{name}:{gate.line_of(bare, at)}: {why}")

    for found in re.finditer(r"(?<![\w.>])([a-z_0-9]+)\s*\(", bare):
        word = found.group(1)
        if word in BANNED:
            tell(found.start(), f"{word} is not allowed: {BANNED[word]}")
        if word in FLAGGED and FLAGGED[word] not in gate.arguments(bare, found.end() - 1):
            if not re.search(r"\bCLOEXEC_BY_CALLER\b", bare):
                tell(found.start(), f"{word} without {FLAGGED[word]}")
    for found in NUMBER.finditer(bare):
        parts = gate.arguments(bare, found.end() - 1).split(",")
        if len(parts) > 1 and parts[1].strip() in ("NULL", "0"):
            tell(found.start(), f"{found.group(1)} without looking at where it ended")
    for found in re.finditer(r"\bgoto\b", bare):
        tell(found.start(), "goto is not allowed")
    kept = gate.strip(text, keep_strings=True)
    for found in re.finditer(r'\b(?:fopen|fdopen|freopen)\s*\(', kept):
        mode = re.search(r',\s*"([^"]*)"', gate.arguments(kept, found.end() - 1))
        if mode and "e" not in mode.group(1) and not kept[found.start():].startswith("fdopen"):
            problems.append(f"{name}:{gate.line_of(kept, found.start())}: fopen without \"e\": inherited")
    return problems


def check(root):
    problems = []
    for name in gate.c_files(root, ("src", "bench")):
        problems += check_file(name, gate.read(root, name))
    return problems


def body(line):
    return {"src/base/a.c": "/*\n * x\n */\nvoid f(void)\n{\n\t" + line + "\n}\n"}


PLANTED = [
    ("a bounded copy is fine", body("memcpy(a, b, n);"), None),
    ("strcpy", body("strcpy(a, b);"), "strcpy is not allowed"),
    ("sprintf", body('(void)sprintf(a, "x");'), "sprintf is not allowed"),
    ("system", body('system("ls");'), "a shell"),
    ("access", body("if (access(p, R_OK) == 0)\n\t\tg();"), "a race"),
    ("a member or a longer name is another thing", body("x->access(p); file_access(p); o.system(1);"), None),
    ("a word in a comment or text is no call", body('g("strcpy(a)"); /* strcpy(a, b) */'), None),
    ("open without O_CLOEXEC", body("int fd = open(p, O_RDONLY);"), "open without O_CLOEXEC"),
    ("open with it is fine", body("int fd = open(p,\n\t\tO_RDONLY | O_CLOEXEC);"), None),
    ("socket without SOCK_CLOEXEC", body("int fd = socket(AF_UNIX, SOCK_STREAM, 0);"), "socket without"),
    ("a number whose end nobody looks at", body("long n = strtol(p, NULL, 10);"), "where it ended"),
    ("goto", body("goto out;"), "goto is not allowed"),
    ("fopen that a child inherits", body('FILE *f = fopen(p, "r");'), "inherited"),
]

if __name__ == "__main__":
    gate.main(check, PLANTED, "no call that is not allowed")
