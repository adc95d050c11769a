#!/usr/bin/env python3
"""A drill that is started with odd limits and masks: it works all the same, or says what is short. Printed as TAP."""
import json
import os
import resource
import stat
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TOCSIN"]
OK, FAILED = 0, 1
RESULTS = []


def check(name, holds, shown=""):
    RESULTS.append(bool(holds))
    if not holds:
        print(f"# {shown!r}"[:1500])
    print(f"{'ok' if holds else 'not ok'} {len(RESULTS)} - {name}", flush=True)


def drill(base, name, before, *words):
    """Runs a small drill after `before` was called in the new process."""
    home = f"{base}/{name}"
    done = subprocess.run([PROGRAM, "drill", "run", "quick", "--decoys", "20", "--rate", "unlimited", "--arena", f"{base}/{name}-arena",
                           "--yes", "--quiet", "--home", home, "--json", "--lang", "en", *words], capture_output=True, text=True,
                          timeout=120, check=False, stdin=subprocess.DEVNULL, preexec_fn=before)
    try:
        value = json.loads(done.stdout)
    except ValueError:
        value = {}
    return done.returncode, value, done.stderr


def soft(what, limit):
    return lambda: resource.setrlimit(what, (limit, resource.getrlimit(what)[1]))


def hard(what, limit):
    return lambda: resource.setrlimit(what, (limit, limit))


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def masks(base):
    code, r, err = drill(base, "mask", lambda: os.umask(0o777))
    check("a mask that takes everything from the owner does not lock him out", code == OK and r.get("verdict") == "completed", err)
    check("of a folder that is his alone", mode(f"{base}/mask") == 0o700)
    code, r, err = drill(base, "open", lambda: os.umask(0), "--out", f"{base}/out")
    left = [os.path.join(at, f) for at, _, files in os.walk(f"{base}/open") for f in files if mode(os.path.join(at, f)) & 0o077]
    check("without a mask nothing in the state folder is open to others", code == OK and not left, (err, left))
    seen = f"{base}/mask-seen"
    code, r, err = drill(base, "kept", lambda: os.umask(0o027), "--backup", f"sh -c 'umask >{seen}'")
    check("a program of the user gets the mask that was set", code == OK and open(seen, encoding="ascii").read().strip() == "0027", err)


def limits(base):
    code, r, err = drill(base, "files", soft(resource.RLIMIT_NOFILE, 16))
    check("a low limit on open files that may be raised is raised", code == OK and r.get("verdict") == "completed", (code, err))
    code, r, err = drill(base, "few", hard(resource.RLIMIT_NOFILE, 24))
    check("too few open files are named", code == FAILED and "Too many open files" in err, (code, err))
    code, r, err = drill(base, "size", hard(resource.RLIMIT_FSIZE, 16 * 1024))
    check("a limit on the size of files is told and does not kill", code == FAILED and "tocsin:" in err, (code, err))


def main():
    with tempfile.TemporaryDirectory() as base:
        masks(base)
        limits(base)
    print(f"1..{len(RESULTS)}")
    sys.exit(0 if all(RESULTS) else 1)


main()
